// Command etcd is the etcd server of the pinned release, built from the Go module proxy:
// no download of a binary, and go.sum vouches for every byte.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
