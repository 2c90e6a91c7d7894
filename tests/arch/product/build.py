# SPDX-License-Identifier: MIT
"""The product for another machine: built with Meson and a cross file, and stood up as the tests expect a build folder to look.

    FOLDER/cross.ini, FOLDER/build   the cross file, the build folder
    FOLDER/STAND                     what BORELOG_BUILD is for tests/system: `borelog` and tests/system/PROGRAM, scripts that start
                                     the real ones under an emulator, or as they are where this machine runs them

The second call builds only what has changed.
"""
import dataclasses
import os
import pathlib
import shlex
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[3]


@dataclasses.dataclass
class Machine:
    tools: str # GNU triplet in the names of the compilers
    libraries: str # Debian's triplet, where its libraries are
    qemu: str
    family: str
    cpu: str
    endian: str


MACHINES = {
    "arm64": Machine("aarch64-linux-gnu", "aarch64-linux-gnu", "qemu-aarch64-static", "aarch64", "aarch64", "little"),
    "i386": Machine("i686-linux-gnu", "i386-linux-gnu", "qemu-i386-static", "x86", "i686", "little"),
    "s390x": Machine("s390x-linux-gnu", "s390x-linux-gnu", "qemu-s390x-static", "s390x", "s390x", "big"),
}

CROSS = """\
[binaries]
c = '{m.tools}-gcc'
cpp = '{m.tools}-g++'
ar = '{m.tools}-ar'
strip = '{m.tools}-strip'
pkgconfig = 'pkg-config'
[properties]
pkg_config_libdir = ['/usr/lib/{m.libraries}/pkgconfig', '/usr/share/pkgconfig']
needs_exe_wrapper = true
[host_machine]
system = 'linux'
cpu_family = '{m.family}'
cpu = '{m.cpu}'
endian = '{m.endian}'
"""

PROGRAMS = {"lib_fields_c": "lib_fields.c", "lib_fields_cc": "lib_fields.cc", "lib_process": "lib_process.c",
            "liblib_plugin.so": "lib_plugin.c"}


def call(*words):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{shlex.join(str(word) for word in words)}: exit status {done.returncode}\n{done.stdout}")


def meson(machine, folder):
    cross, build = folder / "cross.ini", folder / "build"
    if not (build / "build.ninja").exists():
        cross.write_text(CROSS.format(m=machine))
        call("meson", "setup", build, SOURCE, "--cross-file", cross, "-Dtests=false", *(["--wipe"] if build.exists() else []))
    call("ninja", "-C", build, "borelog", "lib/libborelog.so.0.1.0", "examples/orders")
    return build


def programs(machine, build):
    """The programs of tests/system, with our shared library. Meson's tests need packages that other machines do not have here."""
    newest = max(part.stat().st_mtime for folder in ("tests/system", "include", "core", "port/user")
                 for part in (SOURCE / folder).glob("*.[ch]*"))
    for name, source in PROGRAMS.items():
        path, target = SOURCE / "tests/system" / source, build / name
        if target.exists() and target.stat().st_mtime > newest:
            continue
        call(f"{machine.tools}-{'g++' if path.suffix == '.cc' else 'gcc'}", "-O2", "-Wall", "-D_GNU_SOURCE",
             *(("-shared", "-fPIC") if name.endswith(".so") else ("-fPIE", "-pie")),
             *("-I" + str(SOURCE / folder) for folder in (".", "include", "port/user")), path, "-o", target,
             "-L" + str(build / "lib"), "-lborelog", "-Wl,-rpath," + str(build / "lib"), "-lpthread", "-ldl")


def script(path, *words):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexec {shlex.join(str(word) for word in words)} \"$@\"\n")
    path.chmod(0o755)


def stand_up(folder, recorder, build, emulator):
    """@recorder: words that start borelog; @emulator: words in front of each program."""
    script(folder / "borelog", *recorder)
    for name in PROGRAMS:
        path = folder / "tests/system" / name
        if name.endswith(".so"):
            path.unlink(missing_ok=True)
            path.symlink_to(build / name)
        else:
            script(path, *emulator, build / name)
    script(folder / "examples/orders", *emulator, build / "examples/orders")
    return folder


def product(name, folder):
    """Build for machine @name in @folder; returns (machine, build folder)."""
    folder.mkdir(parents=True, exist_ok=True)
    machine = MACHINES[name]
    build = meson(machine, folder)
    programs(machine, build)
    return machine, build
