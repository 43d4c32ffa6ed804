/**
 * Files that are there as a whole or not at all: {@link dev.larmor.models.io.AtomicFile} is how
 * checkpoints, reconstructions and data sets are saved.
 */
package dev.larmor.models.io;
