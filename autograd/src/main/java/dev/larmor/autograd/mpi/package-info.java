/**
 * Ranks that are processes: {@link dev.larmor.engine.Collective} over MPI, by the library of the
 * cluster, without native code of our own.
 *
 * <p><b>How ranks come to be.</b> {@code mpirun} or {@code srun} starts the same program many times
 * and tells each process in its environment which one it is. {@link dev.larmor.autograd.mpi.Launch}
 * reads that, {@link dev.larmor.autograd.mpi.MpiCollective} loads the library that belongs to the
 * launcher and begins:
 *
 * {@snippet :
 * StopSignal.install();
 * Optional<Launch> launch = Launch.of(System.getenv());
 * Collective ranks = launch.isPresent()
 *     ? MpiCollective.open(launch.get(), Duration.ofMinutes(10)) : Collective.single();
 * }
 *
 * <p>A library that does not know the launcher says nothing: each process becomes the only rank of
 * a world of its own, and all would train the same and write the same files. So the library's
 * number of ranks is compared with the launcher's.
 *
 * <p><b>One thread calls MPI</b>, {@code Owner}, from the first call to the last. All operations
 * are of the kind that does not block: the thread starts them in order, moves them along while the
 * caller computes, and has the deadline, without which a rank that is stopped would stop all others
 * for ever. A rank that can not go on calls {@code abort}; a rank that merely ends would be waited
 * for.
 *
 * <p><b>Signals.</b> The JVM lives on SIGSEGV: a null pointer and a full stack become exceptions
 * through it. UCX, on which MPICH and many Open MPIs sit, takes it when it is loaded, and then the
 * next NullPointerException ends the process. UCX and others look in the environment – that of the
 * C library, which {@code System.getenv} does not show – so {@code Mpi} sets there, before it loads
 * anything, what keeps them from it. MPICH takes USR1 in {@code MPI_Init} (some versions hand it
 * on): {@link dev.larmor.autograd.mpi.StopSignal} is installed before, since a signal may come
 * early, and once more after. Variables that the user has set stay as they are.
 *
 * <p><b>Which sums.</b> MPI adds in an order that follows from the number of ranks, the length and
 * the library: the same job gives the same bits again, and all ranks have the same.
 *
 * <p>{@link dev.larmor.autograd.mpi.LocalRanks} starts ranks on one machine, for tests and timings.
 */
package dev.larmor.autograd.mpi;
