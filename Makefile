.PHONY: build profile test check race lint vulncheck bench soak generate

# A release: the compiler knows which of the code is hot, from what make profile saw.
build:
	CGO_ENABLED=0 go build -pgo=deploy/levee.pgo -o levee ./cmd/levee

profile:
	cd bench && go run . -share 0 -groups 1000 -depths 0 -profile ../deploy/levee.pgo \
		-ops 'PutItem,GetItem,Update*,Transact*,Query*,BatchWriteItem of 25,SQS*'

test:
	go test ./...

check:
	bash .ci/run

race:
	go test -race ./internal/... ./leveetest/... .

lint:
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.14.0 run ./...

vulncheck:
	cd integration && go run ./vulncheck .. . ../bench

generate:
	go generate ./...

bench:
	cd bench && go run . -suite -out REPORT.md -json out/report.json

soak:
	cd integration && go run ./soak -time 1h
