package expr

import "slices"

// relation says how two paths of one expression get in each other's way.
type relation uint8

const (
	apart    relation = iota
	overlap           // one path is the beginning of the other
	conflict          // one treats as a map what the other treats as a list
)

func relate(a, b Path) relation {
	for i := range min(len(a), len(b)) {
		if a[i].IsIndex() != b[i].IsIndex() {
			return conflict
		}
		if a[i] != b[i] {
			return apart
		}
	}
	return overlap
}

// checkPaths refuses paths that overlap or conflict. sorted holds the paths in
// the order of comparePaths, in which paths that are not apart have neighbours
// that are not; paths holds them in the order of the text, in which the service
// reports overlaps before conflicts.
func checkPaths(kind Kind, paths, sorted []Path) error {
	apartAll := true
	for i := 1; i < len(sorted); i++ {
		apartAll = apartAll && relate(sorted[i-1], sorted[i]) == apart
	}
	if apartAll {
		return nil
	}
	for _, r := range []relation{overlap, conflict} {
		format := textPathsOverlap
		if r == conflict {
			format = textPathsConflict
		}
		for j := range paths {
			for _, earlier := range paths[:j] {
				if relate(earlier, paths[j]) == r {
					return invalid(kind, format, earlier, paths[j])
				}
			}
		}
	}
	return nil
}

// sortPaths returns the paths in the order of comparePaths.
func sortPaths(paths []Path) []Path {
	if slices.IsSortedFunc(paths, comparePaths) {
		return paths
	}
	sorted := slices.Clone(paths)
	slices.SortFunc(sorted, comparePaths)
	return sorted
}
