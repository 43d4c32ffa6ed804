/**
 * What Larmor costs: JMH suites of ops ({@link dev.larmor.bench.OpBenchmark}), of the published
 * model ({@link dev.larmor.bench.ModelBenchmark}) and of views ({@link
 * dev.larmor.bench.ViewBenchmark}), and runs in turns with a peer ({@link
 * dev.larmor.bench.Paired}). The method is in {@code bench/README.md}, results in {@code
 * bench/results}.
 */
package dev.larmor.bench;
