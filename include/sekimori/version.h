/* Release version. The wire version joins it with the PEP protocol. */
#pragma once

#define SKM_VERSION "0.1.0"
