# This file is part of the sanprivacy project.
# It is subject to the license terms in the LICENSE file found in the top-level directory
# of this distribution and at http://www.apache.org/licenses/LICENSE-2.0.
"""What a run meets around it: a full disk, streams that nobody reads, odd permissions and names, few resources."""

import os
import shutil
import stat
import subprocess
import unittest

from command import CommandTest, EXECUTABLE, TIMEOUT, files, portraits, read, run


class Surroundings(CommandTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usual = os.path.join(cls.shared_folder, "usual")
        done = run("perturb", *cls.networks, portraits()[0], "-o", cls.usual)
        assert done.returncode == 0, done.stderr

    def assert_as_usual(self, *folder):
        name = os.path.basename(portraits()[0])
        self.assertEqual(files(self.path(*folder)), [name])
        self.assertEqual(read(self.path(*folder, name)), read(self.usual, name))

    def shell(self, command, *arguments, **options):
        """`command` is of sh, and "$@" in it the call of the program."""
        return run("-c", command, "sh", EXECUTABLE, *arguments, program="/bin/sh", **options)

    def test_messages_that_nobody_takes(self):
        for name, stdout, stderr in (("full", "/dev/full", None), ("both", "/dev/full", "/dev/full"),
                                     ("pipe", None, None)):
            reader, writer = os.pipe()
            os.close(reader)
            try:
                streams = [os.open(target, os.O_WRONLY) if target else os.dup(writer) for target in (stdout, stderr)]
                done = subprocess.run([EXECUTABLE, "perturb", *self.networks, portraits()[0], "-o", self.path(name)],
                                      stdin=subprocess.DEVNULL,
                                      stdout=streams[0], stderr=streams[1], timeout=TIMEOUT)
            finally:
                for stream in (writer, *streams):
                    os.close(stream)
            self.assertEqual(done.returncode, 0, name)
            self.assert_as_usual(name)

    def test_permissions_that_no_new_file_has(self):
        os.makedirs(self.path("out"))
        done = self.shell('umask 0777; "$@"', "perturb", *self.networks, portraits()[0], "-o", self.path("out"))
        self.assertEqual(done.returncode, 0, done.stderr)
        result = self.path("out", os.path.basename(portraits()[0]))
        self.assertEqual(stat.S_IMODE(os.stat(result).st_mode), 0)
        os.chmod(result, 0o600)
        self.assert_as_usual("out")

    def test_a_full_file_system(self):
        mount = ["--mount", "--user", "--map-root-user", "sh", "-c"]
        if not shutil.which("unshare") or run(*mount, "mount -t tmpfs none /mnt", program="unshare").returncode != 0:
            self.skipTest("no file system can be mounted here")
        os.makedirs(self.path("out"))
        for limit in ("size=16k", "nr_inodes=1"):
            done = run(*mount, f'mount -t tmpfs -o {limit} none "$1"; shift; "$@"; code=$?; ls -A out; exit $code',
                       "sh", self.path("out"),
                       EXECUTABLE, "perturb", *self.networks, portraits()[0], "-o", "out", cwd=self.folder,
                       program="unshare")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.one_line(done.stderr, "No space left on device")
            self.one_line(done.stdout, "0 images perturbed", "1 failed")
            self.assertNotIn("sanprivacy+", done.stdout)
            self.assertNotIn(os.path.basename(portraits()[0]), done.stdout)

    def test_odd_names(self):
        names = [b"-o.jpg", b"two\nlines.jpg", b"caf\xe9.jpg", b" .jpg", b"folder.jpg/a.jpg"]
        for name in names:
            shutil.copy(portraits()[0], self.path(os.fsdecode(name)))
        done = run("perturb", *self.networks, "-o", "out", "--", *map(os.fsdecode, names), cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(files(self.path("out")), sorted(os.fsdecode(os.path.basename(name)) for name in names))

    def test_what_is_no_image_file(self):
        os.mkfifo(self.path("in", "fifo.jpg"))
        os.symlink("none.jpg", self.path("in", "dangling.jpg"))
        shutil.copy(portraits()[0], self.path("in", "folder.jpg", "a.jpg"))
        done = run("perturb", *self.networks, self.path("in"), "-o", self.path("out"))
        self.assertEqual(done.returncode, 1)
        self.one_line(done.stderr, "dangling.jpg: ")
        self.assertEqual(files(self.path("out")), ["folder.jpg/a.jpg"])

    def test_few_resources(self):
        arguments = ("perturb", *self.networks, portraits()[0], "-o")
        for name, command in {"files": 'ulimit -n 6; "$@"',
                              "threads": 'OMP_NUM_THREADS=1000 OPENCV_FOR_THREADS_NUM=1000 "$@"',
                              "turkish": 'LC_ALL=tr_TR.UTF-8 "$@"', "nothing": 'env -i "$@"'}.items():
            done = self.shell(command, *arguments, self.path(name))
            self.assertEqual(done.returncode, 0, f"{name}: {done.stderr}")
            self.assert_as_usual(name)


if __name__ == "__main__":
    unittest.main()
