#!/usr/bin/env python3
"""Lets JCuda 11.7 run on CUDA 12 and 13.

JCuda's natives ask for libcublas.so.11, libcufft.so.10, libnvrtc.so.11.2 and libcudnn.so.8, and for symbols of
versions with those names. For each that is not here this makes a small library of that name whose functions jump to
those of the newer library that is: in Python's site-packages, below CUDA_HOME, or in the usual places. A function
that the newer library lacks returns an error code, and says so once.

  shim.py OUT               find the libraries, build into OUT, write OUT/env.sh (LD_LIBRARY_PATH), test
  shim.py --prebuild OUT    build for a machine without a C compiler: they search when they are loaded

Needs Python 3 and cc. SITE=dir:dir are more places to search, CC another compiler.
"""
import os
import shutil
import site
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# name: (what a missing function returns, the variable that names the library behind, newer names)
LIBRARIES = {
    "libcublas.so.11": (15, "LARMOR_SHIM_CUBLAS", ["libcublas.so.13", "libcublas.so.12"]),
    "libcufft.so.10": (16, "LARMOR_SHIM_CUFFT", ["libcufft.so.12", "libcufft.so.11"]),
    "libnvrtc.so.11.2": (11, "LARMOR_SHIM_NVRTC", ["libnvrtc.so.13", "libnvrtc.so.12"]),
    "libcudnn.so.8": (9, "LARMOR_SHIM_CUDNN", ["libcudnn.so.9"]),
}

# What those need in turn, so that their folders are on the path too.
COMPANIONS = ["libcublasLt.so.13", "libcublasLt.so.12", "libcudart.so.13", "libcudart.so.12", "libnvJitLink.so.13",
              "libnvJitLink.so.12"]

C_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define HIDDEN __attribute__((visibility("hidden")))
HIDDEN void *shim_slots[COUNT + 1];
extern HIDDEN void *const shim_missing_entries[];
extern HIDDEN const char *const shim_names[];
static unsigned char said[COUNT + 1];
static const char *behind = "(no newer library)";

HIDDEN long shim_missing(long i) {
  const char *name = shim_names[i];
  if (!said[i]) {
    said[i] = 1;
    fprintf(stderr, "[shim] %s: not in %s, returning %d\n", name, behind, MISSING_CODE);
  }
  if (strstr(name, "String")) return (long)"function not available";
  if (!strcmp(name, "cudnnGetVersion") || !strcmp(name, "cudnnGetCudartVersion")) return 0;
  return MISSING_CODE;
}

__attribute__((constructor)) static void shim_init(void) {
  static const char *const candidates[] = { CANDIDATES 0 };
  const char *chosen = getenv(VARIABLE);
  void *library = 0;
  if (chosen && *chosen) {
    library = dlopen(chosen, RTLD_LAZY | RTLD_LOCAL);
    behind = chosen;
  } else {
    for (int i = 0; candidates[i] && !library; i++) {
      library = dlopen(candidates[i], RTLD_LAZY | RTLD_LOCAL);
      behind = candidates[i];
    }
  }
  if (!library) fprintf(stderr, "[shim] %s: %s\n", SONAME, dlerror());
  for (int i = 0; i < COUNT; i++) {
    void *symbol = library ? dlsym(library, shim_names[i]) : 0;
    shim_slots[i] = symbol ? symbol : shim_missing_entries[i];
  }
  dlerror(); /* cuDNN 8 takes an old error for a failure of its own search */
}
"""


def build(soname, out):
    """One library of that name: each function jumps through a slot that a constructor fills."""
    code, variable, candidates = LIBRARIES[soname]
    with open(os.path.join(HERE, "symbols", soname + ".txt"), encoding="ascii") as lines:
        names = lines.read().split()
    defines = (f'#define COUNT {len(names)}\n#define MISSING_CODE {code}\n#define VARIABLE "{variable}"\n'
               f'#define SONAME "{soname}"\n#define CANDIDATES ' + "".join(f'"{c}", ' for c in candidates) + "\n")
    assembly = [".text"]
    for i, name in enumerate(names):
        assembly.append(f".globl {name}\n.type {name},@function\n.p2align 4\n{name}:\n endbr64\n"
                        f" jmp *shim_slots+{8 * i}(%rip)\n.size {name},.-{name}")
    for i in range(len(names)):
        assembly.append(f"missing{i}:\n movl ${i},%edi\n jmp shim_missing")
    assembly.append(".hidden shim_slots\n.hidden shim_missing\n.hidden shim_missing_entries\n.hidden shim_names\n"
                    ".globl shim_missing_entries\n.globl shim_names\n"
                    '.section .data.rel.ro,"aw"\n.p2align 3\nshim_missing_entries:')
    assembly += [f" .quad missing{i}" for i in range(len(names))]
    assembly.append("shim_names:")
    assembly += [f" .quad name{i}" for i in range(len(names))]
    assembly.append(".section .rodata")
    assembly += [f'name{i}: .asciz "{name}"' for i, name in enumerate(names)]
    assembly.append('.section .note.GNU-stack,"",@progbits\n')
    versions = f"{soname} {{\n global:\n" + "".join(f"  {name};\n" for name in names) + " local: *;\n};\n"
    with tempfile.TemporaryDirectory() as folder:
        for file, text in (("shim.c", defines + C_SOURCE), ("jumps.S", "\n".join(assembly)), ("versions", versions)):
            with open(os.path.join(folder, file), "w", encoding="ascii") as f:
                f.write(text)
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-fPIC", "-shared", "-fcf-protection=none",
                        "-o", os.path.join(out, soname), folder + "/shim.c", folder + "/jumps.S",
                        "-Wl,-soname," + soname, "-Wl,--version-script=" + folder + "/versions",
                        "-Wl,-z,relro,-z,noexecstack", "-ldl"], check=True)
    print(f"{soname}: {len(names)} functions")


def places():
    """Where libraries may be: what is asked for, Python packages, toolkits."""
    roots = os.environ.get("SITE", "").split(":")
    packages = list(sys.path)
    for more in ("getsitepackages", "getusersitepackages"):
        try:
            found = getattr(site, more)()
            packages += found if isinstance(found, list) else [found]
        except AttributeError:  # some virtual environments have neither
            pass
    roots += [os.path.join(p, "nvidia") for p in packages]
    roots += [os.environ.get("CUDA_HOME", ""), "/usr/local/cuda", "/usr/lib/x86_64-linux-gnu"]
    return [r for r in dict.fromkeys(roots) if r and os.path.isdir(r)]


def find(names, roots):
    for name in names:
        for root in roots:
            for folder, _, files in os.walk(root, followlinks=True):
                if name in files:
                    return os.path.join(folder, name)
    return None


def driver_folder():
    """The folder of libcuda.so.1 where the dynamic linker does not find it by itself."""
    test = "import ctypes; ctypes.CDLL('libcuda.so.1')"
    if subprocess.run([sys.executable, "-c", test], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        return []
    usual = ["/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib64", "/usr/local/cuda/compat"]
    return [f for f in usual if os.path.exists(f + "/libcuda.so.1")][:1]


def check(out):
    """Asks each library for its version, in a process that has env.sh."""
    program = """
import ctypes, sys
out = sys.argv[1]
number, minor = ctypes.c_int(), ctypes.c_int()
def library(name): return ctypes.CDLL(name)
assert library('libcublas.so.11').cublasGetProperty(0, ctypes.byref(number)) == 0
print('cuBLAS', number.value)
assert library('libcufft.so.10').cufftGetVersion(ctypes.byref(number)) == 0
print('cuFFT', number.value)
assert library('libnvrtc.so.11.2').nvrtcVersion(ctypes.byref(number), ctypes.byref(minor)) == 0
print('NVRTC', number.value, minor.value)
version = library('libcudnn.so.8').cudnnGetVersion
version.restype = ctypes.c_size_t
print('cuDNN', version())
assert version() >= 8000
"""
    command = '. "$1/env.sh" && exec "$2" -c "$3" "$1"'
    return subprocess.run(["sh", "-c", command, "sh", out, sys.executable, program], check=False).returncode


def main():
    arguments = sys.argv[1:]
    prebuild = arguments[:1] == ["--prebuild"]
    if len(arguments) != (2 if prebuild else 1):
        sys.exit(__doc__)
    out = os.path.abspath(arguments[-1])
    os.makedirs(out, exist_ok=True)
    if prebuild:
        for soname in LIBRARIES:
            build(soname, out)
        return
    roots = places()
    folders, lines = [out], []
    for soname, (_, variable, candidates) in LIBRARIES.items():
        real = find([soname], roots)
        if real is None:
            behind = find(candidates, roots)
            if behind is None:
                sys.exit(f"neither {soname} nor {' nor '.join(candidates)} is in {', '.join(roots) or 'any usual place'}")
            if shutil.which(os.environ.get("CC", "cc")):
                build(soname, out)
            else:
                shutil.copy(os.path.join(HERE, "prebuilt", soname), out)
            lines.append(f"export {variable}='{behind}'\n")
            print(f"  -> {behind}")
            real = behind
        folders.append(os.path.dirname(real))
    for companion in COMPANIONS:
        path = find([companion], roots)
        if path:
            folders.append(os.path.dirname(path))
    folders += driver_folder()
    path = ":".join(dict.fromkeys(folders))
    lines.append(f"export LD_LIBRARY_PATH='{path}'${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\n")
    with open(os.path.join(out, "env.sh"), "w", encoding="utf-8") as f:
        f.writelines(lines)
    sys.exit(check(out))


main()
