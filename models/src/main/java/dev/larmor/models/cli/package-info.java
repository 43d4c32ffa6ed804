/**
 * The command line, {@code ./larmor}: one class a command, options shared by mixins, a
 * configuration file behind any of them ({@link dev.larmor.models.cli.ConfigFile}). {@link
 * dev.larmor.models.cli.Larmor} turns exceptions into one sentence and an exit code.
 */
package dev.larmor.models.cli;
