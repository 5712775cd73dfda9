/* A door that holds callbacks: the test knows when one is inside, and lets it out. */
#ifndef DOOR_H
#define DOOR_H

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>

#include "expect.h"

struct door {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
    int entered, left;
};

#define DOOR_CLOSED {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0, 0}

/* For the callback: goes in, and out when the door is open. */
static void pass(struct door *door) {
    pthread_mutex_lock(&door->lock);
    door->entered++;
    pthread_cond_broadcast(&door->changed);
    while (!door->open)
        pthread_cond_wait(&door->changed, &door->lock);
    door->left++;
    pthread_mutex_unlock(&door->lock);
}

static void wait_for_one_inside(struct door *door) {
    pthread_mutex_lock(&door->lock);
    while (door->entered == 0)
        pthread_cond_wait(&door->changed, &door->lock);
    pthread_mutex_unlock(&door->lock);
}

/* Milliseconds. Freeing a client waits for its threads for five seconds at most, but for its callbacks without an end. */
#define LONGER_THAN_THREADS_ARE_WAITED_FOR 6000

/* Something that is freed by a thread of its own. */
struct freeing {
    void (*free)(void *handle);
    void *handle;
    struct door *door;
    /* How many callbacks were inside when the free returned. */
    int inside;
    bool returned;
};

static void *free_it(void *argument) {
    struct freeing *freeing = (struct freeing *)argument;
    freeing->free(freeing->handle);
    pthread_mutex_lock(&freeing->door->lock);
    freeing->inside = freeing->door->entered - freeing->door->left;
    freeing->returned = true;
    pthread_mutex_unlock(&freeing->door->lock);
    return NULL;
}

/*
 * Frees a handle while a callback of it is held inside: the free must not return before the callback is out, and no callback
 * may come afterwards.
 */
static void free_while_inside(struct door *door, void (*end)(void *handle), void *handle, int held) {
    struct freeing freeing = {end, handle, door, -1, false};
    pthread_t thread;
    wait_for_one_inside(door);
    CHECK(pthread_create(&thread, NULL, free_it, &freeing) == 0);
    poll(NULL, 0, held);
    pthread_mutex_lock(&door->lock);
    CHECK(!freeing.returned && door->entered - door->left >= 1);
    door->open = true;
    pthread_cond_broadcast(&door->changed);
    pthread_mutex_unlock(&door->lock);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(freeing.returned && freeing.inside == 0);
    pthread_mutex_lock(&door->lock);
    int entered = door->entered;
    pthread_mutex_unlock(&door->lock);
    poll(NULL, 0, 500);
    pthread_mutex_lock(&door->lock);
    CHECK(door->entered == entered && door->left == entered);
    pthread_mutex_unlock(&door->lock);
}

#endif
