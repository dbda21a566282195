// Package vector finds the nearest of many vectors: exactly, by looking at each, and
// nearly so in little time, by a graph. It knows no store, no clock and no item; a
// vector has a number that its owner gave it.
//
//	nearest := vector.NewNearest(vector.Cosine, query, 10)
//	for id, v := range all {
//		nearest.Offer(id, v)
//	}
//	hits := nearest.Hits()
//
// finds the ten nearest of all. Below some thousand vectors nothing else is needed. A
// Graph gives nearly the same answer for many:
//
//	g := vector.NewGraph(vector.Cosine, vector.Options{})
//	g.Insert(id, v)
//	found := g.Search(vector.Query{Vector: query, K: 10})
//
// It is a hierarchical navigable small world (Malkov and Yashunin, 2016): each vector
// is linked with some near it, on several floors of which a higher one has fewer
// vectors; a search goes from the top towards the query, and on the ground floor keeps
// the best that it has seen. Links go both ways, so that a vector can be taken out and
// its neighbours be linked with each other. With the same options and the same calls a
// graph is the same.
//
// A vector of n dimensions takes 4n bytes in a graph, and its links and the rest of it
// some 300 with the default options.
//
// Sums are of float64, over the 32-bit numbers that vectors consist of. All vectors of
// a graph or a search must have the same number of dimensions: that is for the owner
// to check. Searches of a graph may run beside each other, but not beside a change.
package vector
