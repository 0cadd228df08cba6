/* Runs a fuzz target over every file of the folders given: the seeds and kept findings, in every test run.
 *
 *     fuzz-replay/cedar_text tests/fuzz/corpus/cedar_text
 *
 * Prints `replayed N`, or fails when there was nothing to replay. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 0;
    }
    (void)fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    if (size < 0) {
        (void)fclose(file);
        return 0;
    }
    /* Exactly as many bytes as the file has, so that the sanitizer sees a read past the end. */
    uint8_t *data = malloc((size_t)size + (size == 0));
    size_t got = data == NULL ? 0 : fread(data, 1, (size_t)size, file);
    (void)fclose(file);
    if (data == NULL || got != (size_t)size) {
        free(data);
        return 0;
    }
    (void)LLVMFuzzerTestOneInput(data, got);
    free(data);
    return 1;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        if (dir == NULL) {
            perror(argv[i]);
            return 1;
        }
        for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
            char path[4096];
            if (entry->d_name[0] == '.') {
                continue;
            }
            (void)snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            if (!replay_file(path)) {
                return 1;
            }
            count++;
        }
        (void)closedir(dir);
    }
    printf("replayed %zu\n", count);
    return count == 0;
}
