/* The arithmetic of the notebook's training alone, without Python: what it takes at least on this processor.
   Same formulas as utils/rnn.py, one character after the other; matrices row by row. */
#include <math.h>
#include <string.h>
enum { MAX_STEPS = 64 };

static void outer_add(double *g, const double *column, int rows, const double *row, int columns) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) g[i * columns + j] += column[i] * row[j];
}

static void step(double *parameter, const double *gradient, int size, double lr, double bound) {
    for (int i = 0; i < size; i++) parameter[i] -= lr * fmin(fmax(gradient[i], -bound), bound);
}

/* Iteration j learns the name indices[starts[k]] to indices[starts[k + 1] - 1], k = j modulo count. Returns the smoothed
   loss after the last one, which began as `loss`. */
double train(const int *indices, const int *starts, int count, int iterations, int n_a, int n_x, double *Wax, double *Waa,
             double *Wya, double *b, double *by, double lr, double bound, double loss) {
    double a[MAX_STEPS + 1][n_a], y[MAX_STEPS][n_x], dz[n_a], da[n_a];
    double dWax[n_a * n_x], dWaa[n_a * n_a], dWya[n_x * n_a], db[n_a], dby[n_x];
    memset(a[0], 0, sizeof a[0]);
    for (int j = 0; j < iterations; j++) {
        const int *name = indices + starts[j % count];
        int length = starts[j % count + 1] - starts[j % count], steps = length + 1;
        double cost = 0;
        for (int t = 0; t < steps; t++) {
            double total = 0, largest = -INFINITY;
            for (int i = 0; i < n_a; i++) {
                double z = b[i] + (t ? Wax[i * n_x + name[t - 1]] : 0);
                for (int k = 0; k < n_a; k++) z += Waa[i * n_a + k] * a[t][k];
                a[t + 1][i] = tanh(z);
            }
            for (int i = 0; i < n_x; i++) {
                double z = by[i];
                for (int k = 0; k < n_a; k++) z += Wya[i * n_a + k] * a[t + 1][k];
                y[t][i] = z;
                largest = fmax(largest, z);
            }
            for (int i = 0; i < n_x; i++) total += y[t][i] = exp(y[t][i] - largest);
            for (int i = 0; i < n_x; i++) y[t][i] /= total;
            cost -= log(y[t][t < length ? name[t] : 0]);
        }
        memset(dWax, 0, sizeof dWax), memset(dWaa, 0, sizeof dWaa), memset(dWya, 0, sizeof dWya);
        memset(db, 0, sizeof db), memset(dby, 0, sizeof dby), memset(da, 0, sizeof da);
        for (int t = steps - 1; t >= 0; t--) {
            y[t][t < length ? name[t] : 0] -= 1;
            outer_add(dWya, y[t], n_x, a[t + 1], n_a);
            for (int i = 0; i < n_x; i++) {
                dby[i] += y[t][i];
                for (int k = 0; k < n_a; k++) da[k] += y[t][i] * Wya[i * n_a + k];
            }
            for (int i = 0; i < n_a; i++) {
                dz[i] = da[i] * (1 - a[t + 1][i] * a[t + 1][i]);
                db[i] += dz[i];
                if (t) dWax[i * n_x + name[t - 1]] += dz[i];
            }
            outer_add(dWaa, dz, n_a, a[t], n_a);
            memset(da, 0, sizeof da);
            for (int i = 0; i < n_a; i++)
                for (int k = 0; k < n_a; k++) da[k] += dz[i] * Waa[i * n_a + k];
        }
        step(Wax, dWax, n_a * n_x, lr, bound), step(Waa, dWaa, n_a * n_a, lr, bound);
        step(Wya, dWya, n_x * n_a, lr, bound), step(b, db, n_a, lr, bound), step(by, dby, n_x, lr, bound);
        memcpy(a[0], a[steps], sizeof a[0]);
        loss = 0.999 * loss + 0.001 * cost;
    }
    return loss;
}
