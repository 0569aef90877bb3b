# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Scripts that compile source this file, with $root as the repository. It sets $compiler_cache, what CMake is to put before the compiler:
# ccache, or nothing where it is not installed. What another checkout, or another machine with the same packages, has compiled counts.
export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$root}" CCACHE_NOHASHDIR=1 CCACHE_COMPILERCHECK=content
compiler_cache=$(command -v ccache >/dev/null && echo ccache || true)
# Where the home folder does not exist or cannot be written, ccache would end with an error, and the compilation with it.
if [ -n "$compiler_cache" ]; then
    cache_work=$(ccache --get-config temporary_dir)
    { mkdir -p "$cache_work" && [ -w "$cache_work" ]; } 2>/dev/null || export CCACHE_DIR="$root/build/compiler-cache"
fi
