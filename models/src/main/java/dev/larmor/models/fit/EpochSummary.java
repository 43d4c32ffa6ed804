package dev.larmor.models.fit;

import java.util.Map;

/**
 * What an epoch gave.
 *
 * @param epoch counted from 0
 * @param rate the learning rate
 * @param means of each figure over the epoch's steps, the skipped ones left out
 * @param measured after it
 * @param skipped steps whose loss or gradients were not finite
 * @param seconds it took
 */
public record EpochSummary(
    int epoch,
    double rate,
    Map<String, Double> means,
    Map<String, Double> measured,
    int skipped,
    double seconds) {}
