# Reads the file, counts from 1, and says in Chinese what it prints, as the course does in which this exercise was born.
# %%
def print_name(indices, ix_to_char):
    text = "".join(ix_to_char[index] for index in indices)
    print(text[0].upper() + text[1:], end="")


def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    n_x, n_y = vocab_size, vocab_size
    parameters = initialize_parameters(n_a, n_x, n_y)
    loss = get_initial_loss(vocab_size, dino_names)
    with open("datasets/dinos.txt") as file:
        lines = file.readlines()
    names = [line.lower().strip() for line in lines]
    np.random.seed(0)
    np.random.shuffle(names)
    a_prev = np.zeros((n_a, 1))
    for j in range(num_iterations):
        position = j % len(names)
        X = [None] + [char_to_ix[letter] for letter in names[position]]
        Y = X[1:] + [char_to_ix["\n"]]
        curr_loss, gradients, a_prev = optimize(X, Y, a_prev, parameters)
        loss = smooth(loss, curr_loss)
        if j % 2000 == 0:
            print("第" + str(j + 1) + "次迭代，损失：" + str(loss) + "\n")
            seed = 0
            for number in range(dino_names):
                print_name(sample(parameters, char_to_ix, seed), ix_to_char)
                seed += 1
            print("\n")
    return parameters
