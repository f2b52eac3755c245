/* Prints how far a planet is from the Sun, as the data file says. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PLANET\n", argv[0]);
        return 2;
    }

    FILE *file = fopen(DATA_FILE, "r");
    if (file == NULL) {
        perror(DATA_FILE);
        return 1;
    }

    char name[32];
    double distance;
    while (fscanf(file, "%31s %lf", name, &distance) == 2) {
        if (strcmp(name, argv[1]) == 0) {
            printf("%s: %.2f astronomical units\n", name, distance);
            fclose(file);
            return 0;
        }
    }

    fclose(file);
    fprintf(stderr, "%s: no planet that this program knows\n", argv[1]);
    return 1;
}
