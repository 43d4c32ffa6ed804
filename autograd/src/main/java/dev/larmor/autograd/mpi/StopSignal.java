package dev.larmor.autograd.mpi;

import java.lang.reflect.Proxy;

/**
 * The signal USR1 as the request to save and end: Slurm sends it before a job's time is over
 * ({@code sbatch --signal=USR1@120}), and mpirun and srun pass it on to all ranks. Not TERM: Open
 * MPI kills its ranks a second after that.
 *
 * <p>Without a handler the signal ends a process, so a program installs it first of all.
 */
public final class StopSignal {
  private static volatile boolean requested;

  private StopSignal() {}

  /** Whether the signal has come since the first {@link #install}. */
  public static boolean requested() {
    return requested;
  }

  /** Takes the signal; again, where a library took it meanwhile. */
  public static void install() {
    try {
      // Reflection, since javac warns of sun.misc.Signal and that warning can not be turned off.
      // Java has no other class for signals.
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object note =
          Proxy.newProxyInstance(
              StopSignal.class.getClassLoader(),
              new Class<?>[] {handler},
              (_, _, _) -> {
                requested = true;
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance("USR1"), note);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this Java has no signals: module jdk.unsupported", e);
    }
  }
}
