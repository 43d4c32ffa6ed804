/**
 * The backends, each in its package and each found by {@link dev.larmor.engine.Device#open} through
 * {@link java.util.ServiceLoader}: {@code cpu} computes, {@code ref} defines (naive double
 * precision), {@code meta} counts bytes and computes nothing.
 */
package dev.larmor.kernels;
