// Package leveeapi holds the shapes of Levee's own operations, whose targets begin
// with "Levee.". They are written by hand: what they have in common with the
// services is of the services' own shapes.
package leveeapi
