# SPDX-License-Identifier: MIT
"""Some files of a Xen tree in the compiler's intermediate form, by Xen's own makefiles, outside of the tree."""
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
# Parts that trace and that are not in the default configuration.
CONFIG = ("EXPERT", "UNSUPPORTED", "SCHED_RTDS", "SCHED_ARINC653", "SCHED_NULL", "PV32")


class BuildError(Exception):
    pass


def make(tree, out, targets, *, fails=False, **environment):
    tools = [f"CC={HERE / 'cc'}", f"LD={HERE / 'no-tool'}", f"OBJCOPY={HERE / 'no-tool'}", "OBJDUMP=true", "HOSTCC=cc", "clang=y"]
    command = ["nice", "make", "-s", f"-j{min(2, os.cpu_count())}", "-C", str(tree), f"O={out}", "XEN_TARGET_ARCH=x86_64", *tools]
    with open(out / "make.log", "a") as log:
        done = subprocess.run(command + targets, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                              env={**os.environ, **environment})
    if done.returncode and not fails:
        raise BuildError(f"make {' '.join(targets)} in {tree} failed:\n{log_end(out)}")


def log_end(out):
    return "\n".join((out / "make.log").read_text(errors="replace").splitlines()[-30:])


def compile_files(tree, out, paths):
    """{path: [intermediate file]} of those files under tree (Xen's directory "xen") that the configuration compiles; out is empty.
    The end of the build fails, as there is nothing to link; what is missing is not here."""
    sites = out / "sites"
    sites.write_text("".join(f"{path}\n" for path in paths))
    environment = {"BLX_SITES": str(sites), "BLX_TREE": str(tree)}
    make(tree, out, ["defconfig"], **environment)
    with open(out / ".config", "a") as config:
        config.writelines(f"CONFIG_{name}=y\n" for name in CONFIG)
    make(tree, out, ["olddefconfig"], **environment)
    make(tree, out, ["-k", "build"], fails=True, **environment)
    found = {}
    for path in sorted(out.rglob("*.command")):
        intermediate = path.with_suffix(".ll")
        source = path.read_bytes().split(b"\0")[1].decode()
        if not intermediate.exists():
            raise BuildError(f"{source} could not be compiled:\n{log_end(out)}")
        found.setdefault(pathlib.Path(source).relative_to(tree).as_posix(), []).append(intermediate)
    if not found:
        raise BuildError(f"nothing was compiled:\n{log_end(out)}")
    return found


def compiles(command_file, source):
    """What the compiler says about a source with the options that another file is compiled with: "" if it is good."""
    directory, old, *command = [word.decode() for word in command_file.read_bytes().split(b"\0")[:-1]]
    keep = []
    for word in command[:command.index("-S")]:
        if word == old:
            keep.append(str(source))
        elif word != "-c":
            keep.append(word)
    while "-o" in keep or "-MF" in keep:
        at = keep.index("-o" if "-o" in keep else "-MF")
        del keep[at:at + 2]
    done = subprocess.run(keep + ["-fsyntax-only"], cwd=directory, capture_output=True, text=True)
    return done.stderr if done.returncode else ""
