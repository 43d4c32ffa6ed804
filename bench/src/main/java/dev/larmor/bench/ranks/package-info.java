/**
 * What many ranks cost and bring: {@code bench/ranks/run} starts {@link
 * dev.larmor.bench.ranks.RankProcess} under {@code mpirun}, once for each measurement, and {@link
 * dev.larmor.bench.ranks.RanksReport} makes tables of the lines that rank 0 prints.
 *
 * <p>Two processors cannot show what a cluster does: where computing is emulated, ranks sleep as
 * long as it takes ({@link dev.larmor.bench.ranks.StepTrace} is measured on the real network), as a
 * host sleeps while a card works, and everything else – buckets, staging, MPI, the link – is real.
 * {@link dev.larmor.bench.ranks.ScalingModel} is on paper altogether.
 */
package dev.larmor.bench.ranks;
