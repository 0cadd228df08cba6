"""Every header stands alone: it compiles by itself, as C11 and, below include/, as C99."""

import concurrent.futures
import os
import subprocess

from checklib import ROOT, close, files, name

CC = os.environ.get("CC", "gcc").split()


def compile_header(path):
    own = name(path)
    target = own.split("/", 1)[1]
    standard = "-std=c99" if own.startswith("include/") else "-std=c11"
    text = f"#include <{target}>\n#include <{target}>\nint skm_header_stands_alone;\n"
    done = subprocess.run(CC + [standard, "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-Iinclude", "-Ipdp",
                                "-fsyntax-only", "-x", "c", "-"],
                          cwd=ROOT, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return None if done.returncode == 0 else f"{own}: does not stand alone\n{done.stdout}"


headers = files("include/**/*.h", "pdp/**/*.h")
with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
    problems = [found for found in pool.map(compile_header, headers) if found]
unguarded = [f"{name(h)}: no #pragma once" for h in headers if "#pragma once" not in h.read_text()]
close(len(headers) - len(problems), problems + unguarded)
