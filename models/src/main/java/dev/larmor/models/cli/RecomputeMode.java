package dev.larmor.models.cli;

/** When stages run again in the backward pass instead of keeping their activations. */
enum RecomputeMode {
  /** The fewest stages that make the step fit the budget, by a dry run. */
  auto,
  always,
  never
}
