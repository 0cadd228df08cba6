/* Who is at the other end, as the server's files know it. It lies in proto/ since endpoints, which lie below the server, share it. */
#pragma once

#include "proto/peer.h"
