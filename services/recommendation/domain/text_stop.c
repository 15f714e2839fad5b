/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/text_stop.h"

#include <stdlib.h>
#include <string.h>

/* Both lists are sorted: they are searched by halves. */
static const char *const stop_words[] = {"a", "about", "above", "across", "advice", "advise",
    "after", "again", "against", "all", "almost", "alone", "along", "already", "also", "although",
    "always", "am", "among", "an", "and", "another", "any", "anybody", "anyone", "anything",
    "anywhere", "are", "aren", "around", "as", "ask", "at", "away", "back", "be", "became",
    "because", "become", "been", "before", "being", "below", "best", "better", "between", "both",
    "but", "buy", "by", "can", "cannot", "choose", "come", "could", "couldn", "d", "decent", "did",
    "didn", "do", "does", "doesn", "doing", "don", "done", "down", "during", "each", "either",
    "else", "enough", "even", "ever", "every", "everybody", "everyone", "everything", "experience",
    "few", "find", "first", "for", "from", "further", "get", "give", "go", "going", "good", "got",
    "great", "had", "has", "have", "haven", "having", "he", "hello", "help", "her", "here", "hers",
    "herself", "hi", "him", "himself", "his", "how", "however", "i", "idea", "if", "in", "instead",
    "into", "is", "isn", "it", "its", "itself", "just", "keep", "kind", "know", "last", "least",
    "let", "like", "ll", "look", "looking", "lot", "m", "make", "many", "may", "maybe", "me",
    "might", "mine", "more", "most", "much", "must", "my", "myself", "need", "neither", "never",
    "new", "next", "no", "nobody", "none", "nor", "not", "nothing", "now", "of", "off", "often",
    "ok", "on", "once", "one", "only", "onto", "or", "other", "others", "ought", "our", "ours",
    "out", "over", "own", "people", "perhaps", "person", "please", "possible", "pretty", "put",
    "quite", "rather", "re", "really", "recommend", "recommendation", "right", "s", "same", "say",
    "see", "seem", "she", "should", "shouldn", "since", "so", "some", "somebody", "someone",
    "something", "soon", "still", "such", "suggest", "suggestion", "sure", "t", "take", "tell",
    "than", "thank", "thanks", "that", "the", "their", "theirs", "them", "themselves", "then",
    "there", "these", "they", "thing", "things", "think", "this", "those", "though", "through",
    "tip", "tips", "to", "together", "too", "toward", "towards", "try", "under", "until", "up",
    "upon", "us", "use", "using", "ve", "very", "want", "was", "wasn", "way", "we", "well", "were",
    "what", "whatever", "when", "where", "whether", "which", "while", "who", "whom", "whose", "why",
    "will", "with", "within", "without", "won", "worth", "would", "wouldn", "yes", "yet", "you",
    "your", "yours", "yourself"};

static const char *const role_words[] = {"ag", "agency", "assistant", "associate", "associates",
    "bv", "chief", "co", "company", "consultant", "consulting", "coordinator", "corp",
    "corporation", "deputy", "director", "enterprises", "executive", "expert", "fellow", "firm",
    "founder", "global", "gmbh", "group", "head", "holding", "holdings", "inc", "incorporated",
    "intern", "international", "junior", "lead", "leader", "limited", "llc", "llp", "ltd",
    "manager", "managing", "member", "officer", "owner", "partner", "partners", "plc", "president",
    "principal", "professional", "representative", "senior", "service", "services", "solutions",
    "specialist", "sr", "staff", "supervisor", "trainee", "vice", "vp"};

static int compare(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

bool text_is_stop(const char *word)
{
    return bsearch(word, stop_words, sizeof(stop_words) / sizeof(stop_words[0]),
               sizeof(stop_words[0]), compare) != NULL;
}

bool text_is_role(const char *word)
{
    return bsearch(word, role_words, sizeof(role_words) / sizeof(role_words[0]),
               sizeof(role_words[0]), compare) != NULL;
}
