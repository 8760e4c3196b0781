/**
 * Owns: the function words of a few languages, and the openings that lean on an earlier sentence.
 * Must not know: texts, ranking, the graph.
 * Invariant: every word is lower case and in the form in which `words.js` cuts it.
 */

const list = (words) => new Set(words.trim().split(/\s+/));

/** Function words by language; a text's language is the one whose words it uses most. */
export const STOP_WORDS = {
  en: list(`a about above according across actually after again against ago all almost alone along already also although always am among an and another any
    anyone anything are aren't around as at away back be became because become becomes been before began behind being below between beyond both
    but by called came can can't cannot come comes could couldn't did didn't different do does doesn't doing don't done down during each either else
    enough especially even ever every everyone everything far few first five for four from full further gave get gets give given gives go goes going gone got
    great had hadn't half has hasn't have haven't having he he's hence her here hers herself him himself his how however i i'd i'll i'm i've if in
    indeed instead into is isn't it it's its itself just keep kept kind knew know known large larger largest last late later least less let like likely little long longer
    made main mainly make makes making many may maybe me mean means might mine more most mostly much must my myself near nearly need needs neither never
    nevertheless new next no nobody none nor not nothing now of off often on once one one's ones only onto or other others otherwise our ours
    ourselves out over own part particular people per perhaps put quite rather reach reached real really right said same saw say says second see seen
    several shall she she's should shouldn't show shown since six small smaller so some someone something sometimes soon still such take taken takes tell ten
    than that that's the their theirs them themselves then there there's therefore these they they're thing things think this those though three through
    throughout thus to together too took toward towards two under until up upon us use used uses using usually various very was wasn't way ways we
    we're well went were weren't what what's when where whereas whether which while who whole whom whose why will with within without won't
    work would wouldn't yet you you're your yours yourself
    century centuries day days decade decades hour hours minute minutes month months second seconds time times week weeks year years`),
  de: list(`aber alle allem allen aller alles als also am an ander andere anderen anderer anderes auch auf aus bei beim bereits bis bin bist da dabei dadurch
    dafür dagegen damit danach dann daran darauf daraus darf darin darum das dass davon davor dazu dein deine dem den denen denn der deren des deshalb dessen
    dich die dies diese diesem diesen dieser dieses dir doch dort du durch dürfen ein eine einem einen einer eines einige einigen er es etwa etwas euch euer
    fast für gab ganz gegen gibt habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in indem ins ist ja
    jede jedem jeden jeder jedes jedoch jene jetzt kann kein keine keinen können könnte machen man manche mehr mein meine mit muss müssen nach nicht nichts noch
    nun nur ob oder ohne sehr sein seine seinem seinen seiner seit selbst sich sie sind so sogar solche soll sollen sollte sondern sonst über um und uns
    unser unter viel viele vielen vom von vor war waren warum was weder weil weiter welche welcher wenig wenn wer werde werden wie wieder will wir wird wo
    wollen worden wurde wurden während zu zum zur zwar zwei zwischen`),
  fr: list(`a afin ai ainsi alors après au aucun aucune aussi autre autres aux avait avaient avant avec avoir beaucoup bien c ce cela ces cet cette ceux chaque
    chez comme comment contre d dans de depuis des deux devant dire dit doit donc dont du elle elles en encore entre est et été étaient était être eu eux
    fait faire faut font hors ici il ils j je jusqu l la le les leur leurs lors lorsque lui m mais me même mêmes mes moi moins mon n ne ni non nos notre nous
    on ont or ou où par parce parfois pas pendant peu peut peuvent plus plusieurs plutôt pour pourquoi près presque puis qu quand que quel quelle quelles
    quelque quelques quels qui quoi s sa sans se selon sera ses si sinon son sont sous souvent suis sur surtout t ta tandis tel telle tes toi ton toujours
    tous tout toute toutes très trop tu un une vers voici voilà vos votre vous y`),
  es: list(`a además ahora al algo alguna algunas alguno algunos ante antes aquel aquella así aún aunque bajo bien cada casi como cómo con contra cosa cual
    cuando cuanto cuya de debe del desde después dice donde dos durante e el él ella ellas ellos en entonces entre era eran es esa esas ese eso esos está
    esta están estaba estas este esto estos fue fueron ha había han hace hacer hacia hasta hay incluso la las le les lo los luego más me mediante menos mi
    mientras mis mismo misma mucho muchos muy nada ni no nos nosotros nuestra nuestro o os otra otras otro otros para parte pero poco por porque pues puede
    pueden que qué quien quién se según ser si sí sido siempre sin sino sobre solo sólo son su sus también tan tanto te tiene tienen toda todas todavía todo
    todos tras tu un una unas uno unos usted y ya yo`),
};

/** First words that point back: such a sentence reads badly when the one before it is left out. */
export const LEANING_OPENERS = {
  en: list('this these those they he she it his her its their such however therefore thus moreover furthermore instead but and so yet also similarly both one another'),
  de: list('dies diese dieser dieses sie er es jedoch deshalb daher dadurch damit dabei außerdem aber und doch dort dazu solche beide'),
  fr: list('ce cela ces cette cet il ils elle elles donc ainsi cependant toutefois mais et or puis ensuite enfin'),
  es: list('esto esta este estos estas eso ellos ellas además pero y así entonces luego también tales ambos'),
};
