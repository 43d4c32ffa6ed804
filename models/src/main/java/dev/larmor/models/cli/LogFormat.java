package dev.larmor.models.cli;

/** How a training run reports. */
enum LogFormat {
  /** A progress bar with the time left, a line for each epoch. */
  bar,
  /** Lines as the original system prints them. */
  original
}
