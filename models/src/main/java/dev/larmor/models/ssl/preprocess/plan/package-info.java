/**
 * What is known of a collection before it is preprocessed, and how it shall be: {@link
 * dev.larmor.models.ssl.preprocess.plan.Fingerprint} and {@link
 * dev.larmor.models.ssl.preprocess.plan.Plan}.
 *
 * <p>Both are JSON files of nnSSL, key by key in its order, so a plan made there serves here and
 * the other way round. Reading is strict: a key that is unknown, missing or says something that
 * preprocessing here does not do is an error that names it.
 */
package dev.larmor.models.ssl.preprocess.plan;
