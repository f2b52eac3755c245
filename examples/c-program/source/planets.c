/* Prints how far the planets are from the Sun, or the one that is named, as the data file says. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *wanted = argc > 1 ? argv[1] : NULL;

    if (argc > 2) {
        fprintf(stderr, "usage: %s [PLANET]\n", argv[0]);
        return 2;
    }

    FILE *file = fopen(DATA_FILE, "r");
    if (file == NULL) {
        perror(DATA_FILE);
        return 1;
    }

    int found = 0;
    char name[32];
    double distance;
    while (fscanf(file, "%31s %lf", name, &distance) == 2) {
        if (wanted == NULL || strcmp(name, wanted) == 0) {
            printf("%s: %.2f astronomical units\n", name, distance);
            found = 1;
        }
    }
    fclose(file);

    if (!found) {
        fprintf(stderr, "%s: no such planet in %s\n", argv[0], DATA_FILE);
        return 1;
    }
    return 0;
}
