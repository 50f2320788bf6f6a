# Helpers in cells of their own.
# %%
def training_pair(name, char_to_ix):
    indices = [char_to_ix[char] for char in name]
    return [None, *indices], [*indices, char_to_ix["\n"]]
# %%
def report(iteration, loss, parameters, char_to_ix, ix_to_char, count):
    print(f"Iteration: {iteration}, Loss: {loss:.6f}")
    for seed in range(count):
        print_sample(sample(parameters, char_to_ix, seed), ix_to_char)
    print()
# %%
def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    parameters = initialize_parameters(n_a, vocab_size, vocab_size)
    loss = get_initial_loss(vocab_size, dino_names)
    a_prev = np.zeros((n_a, 1))
    examples = [line.strip() for line in data.split("\n")]
    np.random.seed(0)
    np.random.shuffle(examples)
    for j in range(num_iterations):
        X, Y = training_pair(examples[j % len(examples)], char_to_ix)
        cur_loss, gradients, a_prev = optimize(X, Y, a_prev, parameters)
        loss = smooth(loss, cur_loss)
        if j % 2000 == 0:
            report(j + 1, loss, parameters, char_to_ix, ix_to_char, dino_names)
    return parameters
