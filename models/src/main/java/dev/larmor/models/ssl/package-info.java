/**
 * Self-supervised pre-training on volumes without labels.
 *
 * <ul>
 *   <li>{@code ssl.collection} knows which images there are and where everything lies.
 * </ul>
 */
package dev.larmor.models.ssl;
