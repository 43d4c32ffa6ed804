/** NVIDIA graphics cards as a backend. */
package dev.larmor.kernels.cuda;
