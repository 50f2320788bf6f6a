def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    parameters = initialize_parameters(n_a, vocab_size, vocab_size)
    loss = get_initial_loss(vocab_size, dino_names)
    a_prev = np.zeros((n_a, 1))
    examples = [line.strip() for line in data.split("\n")]
    np.random.seed(0)
    np.random.shuffle(examples)
    for j in range(num_iterations):
        letters = [char_to_ix[char] for char in examples[j % len(examples)]]
        X, Y = [None] + letters, letters + [char_to_ix["\n"]]
        # the step of `optimize`, written out
        cur_loss, cache = rnn_forward(X, Y, a_prev, parameters)
        gradients, a = rnn_backward(X, Y, parameters, cache)
        parameters = update_parameters(parameters, clip(gradients, 5), 0.01)
        a_prev = a[len(X) - 1]
        loss = smooth(loss, cur_loss)
        if j % 2000 == 0:
            print("Iteration: %d, Loss: %f\n" % (j + 1, loss))
            for seed in range(dino_names):
                print_sample(sample(parameters, char_to_ix, seed), ix_to_char)
            print("\n")
    return parameters
