# Nested loops over rounds and names.
# %%
def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    parameters = initialize_parameters(n_a, vocab_size, vocab_size)
    loss = get_initial_loss(vocab_size, dino_names)
    a_prev = np.zeros((n_a, 1))
    examples = [line.strip() for line in data.split("\n")]
    np.random.seed(0)
    np.random.shuffle(examples)
    j = 0
    while True:
        for example in examples:
            if j >= num_iterations:
                return parameters
            X = [None] + [char_to_ix[ch] for ch in example]
            Y = X[1:] + [char_to_ix["\n"]]
            cur_loss, _, a_prev = optimize(X, Y, a_prev, parameters, 0.01)
            loss = 0.999 * loss + 0.001 * cur_loss
            if j % 2000 == 0:
                print(f"Iteration: {j + 1} | Loss: {loss:.4f}")
                for seed in range(dino_names):
                    print_sample(sample(parameters, char_to_ix, seed), ix_to_char)
            j += 1
