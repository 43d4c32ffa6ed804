/**
 * What files of all kinds have in common. {@link dev.larmor.models.io.AtomicFile} is how
 * checkpoints, reconstructions, images and data sets are saved: they are there as a whole or not at
 * all. {@link dev.larmor.models.io.NumberType} are the numbers in binary files, {@link
 * dev.larmor.models.io.Gzip} opens what may be packed, {@link dev.larmor.models.io.Csv} are tables.
 */
package dev.larmor.models.io;
