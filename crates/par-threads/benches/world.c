/* What benches/world.rs measures, in Open MPI: one line per row, "name seconds". */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int rank;
enum { HALF_ROUND_TRIP, ONE_WAY, ALL_REDUCE, BROADCAST, BARRIER };

static void check(int holds) {
    if (!holds) {
        fprintf(stderr, "a message is wrong\n");
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
}

static void once(int what, long *data, long *back, double *in, double *out, int count, long turn) {
    int other = 1 - rank;
    switch (what) {
    case HALF_ROUND_TRIP:
        if (rank == 0) {
            data[count - 1] = turn;
            MPI_Send(data, count, MPI_LONG, other, 1, MPI_COMM_WORLD);
            MPI_Recv(back, count, MPI_LONG, other, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            check(back[count - 1] == turn);
        } else {
            MPI_Recv(back, count, MPI_LONG, other, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            MPI_Send(back, count, MPI_LONG, other, 1, MPI_COMM_WORLD);
        }
        break;
    case ONE_WAY:
        for (long index = 0; index < 100; index++) {
            long word = turn + index;
            if (rank == 0) {
                MPI_Send(&word, 1, MPI_LONG, 1, 1, MPI_COMM_WORLD);
            } else {
                MPI_Recv(&word, 1, MPI_LONG, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                check(word == turn + index);
            }
        }
        if (rank == 0)
            MPI_Recv(back, 1, MPI_LONG, 1, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        else
            MPI_Send(data, 1, MPI_LONG, 0, 2, MPI_COMM_WORLD);
        break;
    case ALL_REDUCE:
        MPI_Allreduce(in, out, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
        check(out[count - 1] == 3.0);
        break;
    case BROADCAST:
        if (rank == 0) data[count - 1] = turn;
        MPI_Bcast(data, count, MPI_LONG, 0, MPI_COMM_WORLD);
        check(data[count - 1] == turn);
        break;
    case BARRIER:
        MPI_Barrier(MPI_COMM_WORLD);
        break;
    }
}

static void row(const char *name, int what, int bytes, int times, double share) {
    int count = bytes / 8 > 0 ? bytes / 8 : 1;
    long *data = calloc(count, 8), *back = calloc(count, 8);
    double *in = malloc(8L * count), *out = calloc(count, 8);
    for (int i = 0; i < count; i++) in[i] = rank + 1.0;
    for (int i = 0; i <= times / 10; i++) once(what, data, back, in, out, count, i);
    MPI_Barrier(MPI_COMM_WORLD);
    double begun = MPI_Wtime();
    for (int i = 0; i < times; i++) once(what, data, back, in, out, count, i);
    double time = (MPI_Wtime() - begun) / times * share;
    if (rank == 0) printf("%s %.12f\n", name, time);
    free(data);
    free(back);
    free(in);
    free(out);
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    row("half-round-trip-8B", HALF_ROUND_TRIP, 8, 20000, 0.5);
    row("half-round-trip-1KiB", HALF_ROUND_TRIP, 1 << 10, 10000, 0.5);
    row("half-round-trip-64KiB", HALF_ROUND_TRIP, 64 << 10, 1000, 0.5);
    row("half-round-trip-1MiB", HALF_ROUND_TRIP, 1 << 20, 100, 0.5);
    row("half-round-trip-16MiB", HALF_ROUND_TRIP, 16 << 20, 6, 0.5);
    row("one-way-8B", ONE_WAY, 8, 1000, 0.01);
    row("all-reduce-8B", ALL_REDUCE, 8, 10000, 1);
    row("all-reduce-1MiB", ALL_REDUCE, 1 << 20, 100, 1);
    row("broadcast-1MiB", BROADCAST, 1 << 20, 100, 1);
    row("barrier", BARRIER, 0, 10000, 1);
    MPI_Finalize();
    return 0;
}
