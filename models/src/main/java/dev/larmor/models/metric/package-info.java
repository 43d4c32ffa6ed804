/** How good a reconstruction is: what validation and evaluation report. */
package dev.larmor.models.metric;
