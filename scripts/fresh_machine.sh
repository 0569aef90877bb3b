#!/bin/bash
# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.

# Runs both commands of README.md, in its order, on a machine that has never seen the project:
#   fresh_machine.sh [bookworm|trixie|testing] [root|user]...
# The machine is an empty Debian (debootstrap) in a folder of its own. In one the commands run as root, in another as an ordinary
# user who may use sudo (default: both, one after the other). HEAD is what is tried; what is not committed is not there.
# Of this machine the empty one gets the settings of apt and pip, the certificates, and the compiler cache; the ordinary user
# only reads the cache. Needs root, 8 GB below $TMPDIR (default: /var/tmp), and network.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
fail() { echo "fresh_machine.sh: $*" >&2; exit 1; }

suite=${1:-bookworm}
case "$suite" in
bookworm | trixie | testing) ;;
*) echo "fresh_machine.sh: '$suite' is not bookworm, trixie or testing" >&2; exit 2 ;;
esac
people=("${@:2}")
[ ${#people[@]} -gt 0 ] || people=(root user)
for person in "${people[@]}"; do
    case "$person" in
    root | user) ;;
    *) echo "fresh_machine.sh: '$person' is not root or user" >&2; exit 2 ;;
    esac
done
[ "$(id -u)" -eq 0 ] || fail "needs root: a system is set up in a folder and entered with chroot"
"$root/scripts/setup.sh" fresh-machine

# All mounts are in a namespace of their own and go with it, as does whatever still runs inside; then nothing is mounted in the folder.
machines="${FRESH_MACHINE_FOLDER:-}"
if [ -z "$machines" ]; then
    machines=$(mktemp -d "${TMPDIR:-/var/tmp}/sanprivacy-fresh-XXXXXX")
    trap 'rm -rf --one-file-system "$machines"' EXIT
    chmod 755 "$machines"
    FRESH_MACHINE_FOLDER="$machines" unshare --mount --pid --fork --kill-child bash "${BASH_SOURCE[0]}" "$suite" "${people[@]}"
    exit
fi

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | grep -v -- '-security' | sort -u | head -n 1)
[ -n "$mirror" ] || fail "the settings of apt name no Debian archive to install $suite from"
leave() {
    { cut -d" " -f2 /proc/mounts | grep "^$1/" || true; } | sort -r | xargs -r umount -l
    # What is mounted here belongs to this machine: better leave the folder than empty the compiler cache.
    ! grep -q " $1/" /proc/mounts || fail "$1 is still mounted; left as it is"
    rm -rf --one-file-system "$1"
}

# An empty system with this machine's way to the network.
make_machine() {
    local machine=$1 bundle=/etc/ssl/certs/ca-certificates.crt packages=sudo
    [[ $mirror != https:* ]] || packages+=,ca-certificates
    debootstrap --variant=minbase --include="$packages" "$suite" "$machine" "$mirror" >"$machines/log" 2>&1 ||
        { tail -n 20 "$machines/log" >&2; fail "debootstrap failed"; }
    echo "deb $mirror $suite main" >"$machine/etc/apt/sources.list"
    apt-config dump Acquire | grep -v '^Acquire::IndexTargets' >"$machine/etc/apt/apt.conf.d/90-acquire"
    cp -rT /etc/apt/auth.conf.d "$machine/etc/apt/auth.conf.d" 2>/dev/null || true
    cp /etc/resolv.conf /etc/hosts "$machine/etc/"
    [ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$machine/etc/"
    [ ! -e "$bundle" ] || cp "$bundle" "$machine/etc/this-machine.crt"
    mkdir -p "$machine/compiler-cache"
    chroot "$machine" useradd --create-home --shell /bin/bash somebody
    echo force-unsafe-io >"$machine/etc/dpkg/dpkg.cfg.d/throw-away" # packages need not survive a power cut
    echo "somebody ALL=(ALL) NOPASSWD: ALL" >"$machine/etc/sudoers.d/somebody"
}

# inside MACHINE USER COMMAND...: with a clean environment, no standard input
inside() {
    local machine=$1 user=$2 settings=(CI="${CI:-}" LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
    local names='^(https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|DEFAULT_TIMEOUT))='
    mapfile -t -O ${#settings[@]} settings < <(env | grep -E "$names")
    if [ -e "$machine/etc/this-machine.crt" ]; then
        settings+=(PIP_CERT=/etc/this-machine.crt)
    fi
    if mountpoint -q "$machine/compiler-cache"; then
        settings+=(CCACHE_DIR=/compiler-cache)
        [ "$user" = root ] || settings+=(CCACHE_READONLY=1 CCACHE_TEMPDIR=/tmp/ccache)
    fi
    chroot "$machine" setpriv --reuid "$user" --regid "$user" --init-groups env -i "${settings[@]}" \
        HOME="$(chroot "$machine" getent passwd "$user" | cut -d: -f6)" USER="$user" "${@:3}" </dev/null
}

# Both commands of README.md; every part must be there, and every test must pass.
try_commands() {
    local machine=$1 user=$2 home project command start
    home=$(chroot "$machine" getent passwd "$user" | cut -d: -f6)
    project="$home/sanprivacy"
    git clone --quiet "file://$root" "$machine$project" 2>/dev/null || git clone --quiet --no-local "$root" "$machine$project"
    chroot "$machine" chown -R "$user:" "$project"
    for command in scripts/demo.sh scripts/test.sh; do
        start=$SECONDS
        echo "--- $suite, $user: $command"
        inside "$machine" "$user" bash -c "cd $project && $command" 2>&1 | tee "$machines/log" || fail "$suite, $user: $command failed"
        echo "--- $suite, $user: $command: $((SECONDS - start)) s"
    done
    ! grep 'left out' "$machines/log" | grep -vE "^(In OpenCV's own build|Wheel): " || fail "$suite, $user: a part was left out"
}

for person in "${people[@]}"; do
    machine="$machines/$person"
    user=root
    [ "$person" = root ] || user=somebody
    echo "--- $suite, $person: an empty system"
    make_machine "$machine"
    mount -t proc proc "$machine/proc"
    mount --rbind /dev "$machine/dev"
    mount -t tmpfs tmpfs "$machine/dev/shm" 2>/dev/null || true
    cache=$(ccache --get-config cache_dir 2>/dev/null || true)
    [ ! -d "$cache" ] || mount --bind "$cache" "$machine/compiler-cache"
    try_commands "$machine" "$user"
    leave "$machine"
done
echo "fresh_machine.sh: both commands pass on an empty $suite, as ${people[*]}"
