/**
 * Pages that open from the disk: {@link dev.larmor.models.html.Html} is a piece of one, {@link
 * dev.larmor.models.html.Page} a template with places for pieces. All pages share the look of
 * {@code style.css} among the resources – light and dark, as the reader's system is – and need no
 * network.
 */
package dev.larmor.models.html;
