/* What benches/world.rs measures beside: half the time of a message there and back, between two ranks of MPI.
   Arguments: pairs of bytes and rounds. Rank 0 prints the best of many repeats for each pair, in seconds. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS = 100 };

int main(int argc, char **argv) {
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int arg = 1; arg + 1 < argc; arg += 2) {
        int bytes = atoi(argv[arg]), rounds = atoi(argv[arg + 1]);
        char *sent = malloc(bytes), *got = malloc(bytes);
        memset(sent, rank + 1, bytes);
        memset(got, 0, bytes);
        double best = 1e9;
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            double begun = MPI_Wtime();
            for (int round = 0; round < rounds; round++) {
                if (rank == 0) {
                    MPI_Send(sent, bytes, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
                    MPI_Recv(got, bytes, MPI_BYTE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                } else {
                    MPI_Recv(got, bytes, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                    MPI_Send(sent, bytes, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
                }
            }
            double time = (MPI_Wtime() - begun) / (2.0 * rounds);
            if (time < best) best = time;
        }
        for (int i = 0; i < bytes; i++)
            if (got[i] != (char)(2 - rank)) MPI_Abort(MPI_COMM_WORLD, 1);
        if (rank == 0) printf("%.9e\n", best);
        free(sent);
        free(got);
    }
    MPI_Finalize();
    return 0;
}
