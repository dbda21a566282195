package server

//go:generate go run ../compatgen -out ../../docs/compatibility.md
