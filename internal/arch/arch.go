// Package arch holds no code. Its test keeps the structure of the repository:
// which packages may import which, and that each package says what it is.
package arch
