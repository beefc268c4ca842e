/** ImageNet's 1,000 classes in Keras's order, packed by scripts/make-class-index.ts. */

/** FNV-1a (32 bits) of `PACKED`. */
export const CHECKSUM = 0xaf621806;

/** For each class, the difference of its WordNet id from the one before in base 36, a space, and its name; separated by commas. */
// prettier-ignore
export const PACKED =
  "uvp8 tench,251 goldfish,vvl great_white_shark,50v tiger_shark,2ei hammerhead,1fk electric_ray,1bi stingray,ctv" +
  " cock,5b hen,33n ostrich,90x brambling,gr goldfinch,19v house_finch,18k junco,2ef indigo_bunting,gjt robin,13m" +
  " bulbul,f62 jay,1nj magpie,7m0 chickadee,7ey water_ouzel,576 kite,50d bald_eagle,12p vulture,4zh great_grey_ow" +
  "l,5fk European_fire_salamander,nn common_newt,rl eft,m3 spotted_salamander,8v axolotl,6sg bullfrog,25o tree_fr" +
  "og,en tailed_frog,esd loggerhead,150 leatherback_turtle,17p mud_turtle,ig terrapin,139 box_turtle,51f banded_g" +
  "ecko,19o common_iguana,44k American_chameleon,2dy whiptail,1oa agama,7d frilled_lizard,17k alligator_lizard,1y" +
  "2 Gila_monster,rt green_lizard,ng African_chameleon,oi Komodo_dragon,1ul African_crocodile,wv American_alligat" +
  "or,4dv triceratops,ipl thunder_snake,9o ringneck_snake,b6 hognose_snake,i7 green_snake,3fd king_snake,lf garte" +
  "r_snake,1ew water_snake,1tk vine_snake,ku night_snake,1kp boa_constrictor,1px rock_python,2zb Indian_cobra,1aj" +
  " green_mamba,1e9 sea_snake,1cc horned_viper,1m5 diamondback,jq sidewinder,981 trilobite,1f1 harvestman,8o scor" +
  "pion,24s black_and_gold_garden_spider,aw barn_spider,6w garden_spider,gb black_widow,a6 tarantula,8o wolf_spid" +
  "er,yr tick,6ga centipede,8dy black_grouse,m3 ptarmigan,16y ruffed_grouse,gm prairie_chicken,5wr peacock,bs qua" +
  "il,pt partridge,82h African_grey,fm macaw,m6 sulphur-crested_cockatoo,y9 lorikeet,33x coucal,3e3 bee_eater,cb " +
  "hornbill,3e0 hummingbird,758 jacamar,8u toucan,2sh drake,674 red-breasted_merganser,hs goose,3hf black_swan,8j" +
  "q tusker,vk echidna,p9 platypus,3h2 wallaby,3s6 koala,9w wombat,lct jellyfish,2za sea_anemone,22g brain_coral," +
  "5vv flatworm,40c nematode,amz conch,dn snail,zz slug,3w6 sea_slug,3cx chiton,anp chambered_nautilus,78u Dungen" +
  "ess_crab,4o rock_crab,1bj fiddler_crab,uu king_crab,1p9 American_lobster,xq spiny_lobster,c1 crayfish,u6 hermi" +
  "t_crab,3je isopod,92k white_stork,4o black_stork,318 spoonbill,p2 flamingo,1af little_blue_heron,iz American_e" +
  "gret,170 bittern,12l crane,nt limpkin,2pf European_gallinule,rm American_coot,gc bustard,4z0 ruddy_turnstone,1" +
  "ql red-backed_sandpiper,f3 redshank,3v2 dowitcher,351 oystercatcher,bdb pelican,3n9 king_penguin,19v albatross" +
  ",66w grey_whale,3w9 killer_whale,2dd dugong,2qs sea_lion,5xt Chihuahua,4i Japanese_spaniel,4a Maltese_dog,3z P" +
  "ekinese,4h Shih-Tzu,ba Blenheim_spaniel,7c papillon,3s toy_terrier,9o Rhodesian_ridgeback,jg Afghan_hound,40 b" +
  "asset,3i beagle,2u bloodhound,4m bluetick,ce black-and-tan_coonhound,lx Walker_hound,2y English_foxhound,ba re" +
  "dbone,6r borzoi,2r Irish_wolfhound,8n Italian_greyhound,2u whippet,32 Ibizan_hound,67 Norwegian_elkhound,4o ot" +
  "terhound,5g Saluki,4r Scottish_deerhound,9d Weimaraner,ph Staffordshire_bullterrier,4s American_Staffordshire_" +
  "terrier,63 Bedlington_terrier,2z Border_terrier,2x Kerry_blue_terrier,3o Irish_terrier,3f Norfolk_terrier,40 N" +
  "orwich_terrier,4v Yorkshire_terrier,oh wire-haired_fox_terrier,74 Lakeland_terrier,8v Sealyham_terrier,4i Aire" +
  "dale,3i cairn,39 Australian_terrier,3z Dandie_Dinmont,44 Boston_bull,cu miniature_schnauzer,2b giant_schnauzer" +
  ",27 standard_schnauzer,2h Scotch_terrier,4w Tibetan_terrier,54 silky_terrier,cf soft-coated_wheaten_terrier,51" +
  " West_Highland_white_terrier,3j Lhasa,nq flat-coated_retriever,4i curly-coated_retriever,4s golden_retriever,3" +
  "3 Labrador_retriever,3t Chesapeake_Bay_retriever,ar German_short-haired_pointer,9n vizsla,48 English_setter,3y" +
  " Irish_setter,3l Gordon_setter,am Brittany_spaniel,4o clumber,dg English_springer,3t Welsh_springer_spaniel,3x" +
  " cocker_spaniel,4i Sussex_spaniel,dp Irish_water_spaniel,tc kuvasz,9c schipperke,j7 groenendael,2y malinois,2h" +
  " briard,4h kelpie,2l komondor,3s Old_English_sheepdog,5y Shetland_sheepdog,4v collie,3s Border_collie,60 Bouvi" +
  "er_des_Flandres,4o Rottweiler,34 German_shepherd,dc Doberman,4q miniature_pinscher,7a Greater_Swiss_Mountain_d" +
  "og,31 Bernese_mountain_dog,69 Appenzeller,2k EntleBucher,2h boxer,99 bull_mastiff,3l Tibetan_mastiff,a4 French" +
  "_bulldog,3o Great_Dane,da Saint_Bernard,c4 Eskimo_dog,2u malamute,3e Siberian_husky,4c dalmatian,7y affenpinsc" +
  "her,4z basenji,48 pug,4r Leonberg,44 Newfoundland,67 Great_Pyrenees,at Samoyed,3l Pomeranian,3b chow,5x keesho" +
  "nd,9w Brabancon_griffon,8t Pembroke,4j Cardigan,c6 toy_poodle,2g miniature_poodle,2f standard_poodle,4z Mexica" +
  "n_hairless,at timber_wolf,51 white_wolf,4k red_wolf,3z coyote,lu dingo,7k dhole,mx African_hunting_dog,b1 hyen" +
  "a,1gf red_fox,lb kit_fox,82 Arctic_fox,bu grey_fox,1yk tabby,36 tiger_cat,6j Persian_cat,5n Siamese_cat,da Egy" +
  "ptian_cat,yc cougar,1cd lynx,111 leopard,ac snow_leopard,4o jaguar,6o lion,c7 tiger,jk cheetah,1es brown_bear," +
  "sh American_black_bear,pn ice_bear,9a sloth_bear,2ez mongoose,os meerkat,kko tiger_beetle,9r ladybug,1b3 groun" +
  "d_beetle,170 long-horned_beetle,m6 leaf_beetle,22l dung_beetle,1ej rhinoceros_beetle,32b weevil,9eq fly,cvm be" +
  "e,9qu ant,5cv grasshopper,2ej cricket,1hz walking_stick,1ff cockroach,236 mantis,fwk cicada,1z0 leafhopper,3z3" +
  " lacewing,35c dragonfly,be damselfly,5pp admiral,158 ringlet,1py monarch,it cabbage_butterfly,l1 sulphur_butte" +
  "rfly,al lycaenid,rfg starfish,1cw sea_urchin,1vm sea_cucumber,2yl wood_rabbit,tm hare,1bq Angora,bdb hamster,2" +
  "vy porcupine,7uj fox_squirrel,3i3 marmot,1ac beaver,1ac guinea_pig,ish sorrel,1k7 zebra,3d1 hog,sd wild_boar,i" +
  "l warthog,13l hippopotamus,3gi ox,46q water_buffalo,1ls bison,17n ram,2p5 bighorn,1sx ibex,38g hartebeest,gh i" +
  "mpala,8z gazelle,b0y Arabian_camel,8g llama,3c6 weasel,p3 mink,7h polecat,aa black-footed_ferret,113 otter,ow " +
  "skunk,19v badger,5et armadillo,2c5 three-toed_sloth,htb orangutan,a0 gorilla,qw chimpanzee,16r gibbon,9m siama" +
  "ng,z7 guenon,zq patas,45 baboon,q1 macaque,q8 langur,bf colobus,cw proboscis_monkey,t9 marmoset,1eg capuchin,h" +
  "d howler_monkey,nl titi,7w spider_monkey,7y squirrel_monkey,2ru Madagascar_cat,202 indri,2w2 Indian_elephant,c" +
  "d African_elephant,44t lesser_panda,hs giant_panda,2rm barracouta,9bk eel,8af coho,1hdw rock_beauty,sc anemone" +
  "_fish,ple sturgeon,vl gar,1or lionfish,8u6 puffer,8mg abacus,ox abaya,212 academic_gown,2ec accordion,2vr acou" +
  "stic_guitar,86m aircraft_carrier,2gx airliner,1xk airship,53t altar,15w ambulance,2xa amphibian,2jp analog_clo" +
  "ck,ex1 apiary,2pc apron,cjb ashcan,1ry assault_rifle,fn1 backpack,5b7 bakery,id balance_beam,3pd balloon,to ba" +
  "llpoint,28h Band_Aid,17g banjo,em bannister,274 barbell,3k barber_chair,42 barbershop,1pt barn,id barometer,s5" +
  " barrel,1n2 barrow,1dc baseball,2l7 basketball,1j8 bassinet,5g bassoon,1y3 bathing_cap,wj bath_towel,3s bathtu" +
  "b,4p9 beach_wagon,93 beacon,r2 beaker,1aq bearskin,4k8 beer_bottle,8y beer_glass,1gz bell_cote,6qs bib,oa bicy" +
  "cle-built-for-two,1xy bikini,1w8 binder,tq binoculars,1tt birdhouse,c5r boathouse,130 bobsled,3h4 bolo_tie,3gm" +
  " bonnet,sz bookcase,hx bookshop,4tc bottlecap,1i9 bow,2ov bow_tie,6xw brass,fq brassiere,1f2 breakwater,f9 bre" +
  "astplate,8xo broom,2f4 bucket,df buckle,52v bulletproof_vest,3n bullet_train,7se butcher_shop,2s5 cab,6hv cald" +
  "ron,6uv candle,24i cannon,es canoe,6b can_opener,8xi cardigan,20w car_mirror,be carousel,dq carpenter's_kit,3l" +
  "p carton,21j car_wheel,2cv cash_machine,1en cassette,8h cassette_player,yv castle,11j catamaran,50w CD_player," +
  "30j cello,8u cellular_telephone,5b5 chain,k4 chainlink_fence,35 chain_mail,c5 chain_saw,ath chest,1qg chiffoni" +
  "er,5z chime,wt china_cabinet,6al Christmas_stocking,17p church,37x cinema,78k cleaver,nu cliff_dwelling,2h4 cl" +
  "oak,1jc clog,b8b cocktail_shaker,11m coffee_mug,2i coffeepot,1c7 coil,7oa combination_lock,7fv computer_keyboa" +
  "rd,3k3 confectionery,4or container_ship,3i5 convertible,6vi corkscrew,167 cornet,abi cowboy_boot,3j cowboy_hat" +
  ",17b cradle,r6 crane,sw crash_helmet,4y crate,2td crib,1s0 Crock_Pot,nx croquet_ball,5gs crutch,3e4 cuirass,av" +
  "e dam,eyo desk,8m desktop_computer,5uo dial_telephone,q0 diaper,5xi digital_clock,v4 digital_watch,2zj dining_" +
  "table,51j dishrag,5i dishwasher,rp disk_brake,636 dock,122 dogsled,1sb dome,25e doormat,dew drilling_platform," +
  "6uu drum,zi drumstick,387 dumbbell,3a2 Dutch_oven,9hi electric_fan,c4 electric_guitar,fc electric_locomotive,d" +
  "yj entertainment_center,we envelope,4do espresso_maker,dc5 face_powder,8c4 feather_boa,8x0 file,5lh fireboat,u" +
  "e fire_engine,172 fire_screen,6uw flagpole,cfc flute,3iu folding_chair,1w8 football_helmet,439 forklift,2uj fo" +
  "untain,3w fountain_pen,a6 four-poster,44z freight_car,rw French_horn,43n frying_pan,33o fur_coat,9vb garbage_t" +
  "ruck,5mb gasmask,u8 gas_pump,duu goblet,if go-kart,1cf golf_ball,43 golfcart,16b gondola,7m gong,1xp gown,1xr " +
  "grand_piano,3zd greenhouse,1g1 grille,18q grocery_store,4dv guillotine,7f4 hair_slide,8j hair_spray,18e half_t" +
  "rack,1zr hammer,y9 hamper,pb hand_blower,1m3 hand-held_computer,ar handkerchief,57g hard_disc,1c8 harmonica,r8" +
  " harp,19e harvester,1li hatchet,lz6 holster,1v4 home_theater,lq honeycomb,1ke hook,1h0 hoopskirt,xc horizontal" +
  "_bar,20y horse_cart,4fd hourglass,uy7 iPod,fz iron,4n0 jack-o'-lantern,305 jean,5v jeep,il jersey,2k4 jigsaw_p" +
  "uzzle,fg jinrikisha,2md joystick,b9h kimono,4eu knee_pad,342 knot,2fj lab_coat,238 ladle,39f lampshade,48g lap" +
  "top,5hb lawn_mower,5kc lens_cap,tk letter_opener,27e library,17a lifeboat,32u lighter,2sh limousine,26b liner," +
  "2o0 lipstick,2zk Loafer,85z lotion,eh loudspeaker,tj loupe,3gl lumbermill,746 magnetic_compass,2ru mailbag,aa " +
  "mailbox,cc maillot,2c maillot,5bp manhole_cover,2it maraca,dp marimba,2ou mask,3to matchstick,2jt maypole,46 m" +
  "aze,ek measuring_cup,6eu medicine_chest,p1 megalith,d2i microphone,ve microwave,284 military_uniform,lc milk_c" +
  "an,3yx minibus,fi miniskirt,6o minivan,26h missile,17j mitten,d7 mixing_bowl,pe mobile_home,us Model_T,56 mode" +
  "m,2oy monastery,l6 monitor,2bm moped,1gd mortar,3n mortarboard,wb mosque,4q mosquito_net,22o motor_scooter,1c1" +
  " mountain_bike,5a mountain_tent,ed mouse,fr mousetrap,1t5 moving_van,5b7 muzzle,14k nail,7mv neck_brace,7f nec" +
  "klace,8ea nipple,5b9 notebook,40c obelisk,sm oboe,1di ocarina,cu odometer,1v0 oil_filter,83y organ,2wj oscillo" +
  "scope,6da overskirt,1o0 oxcart,h9 oxygen_mask,24t packet,1do paddle,od paddlewheel,8i padlock,19c paintbrush,y" +
  "h pajama,ad palace,520 panpipe,2jo paper_towel,fk parachute,9o parallel_bars,21i park_bench,29 parking_meter,3" +
  "hy passenger_car,30e patio,1th pay-phone,1cf pedestal,3ny pencil_box,2o pencil_sharpener,5n9 perfume,3a9 Petri" +
  "_dish,3dz photocopier,3ud pick,5f pickelhaube,cq picket_fence,8t pickup,2jr pier,12y piggy_bank,1pc pill_bottl" +
  "e,jh pillow,3ix ping-pong_ball,16g pinwheel,2qj pirate,1t0 pitcher,3h3 plane,13m planetarium,1li plastic_bag,2" +
  "os plate_rack,4ij plow,202 plunger,4vb Polaroid_camera,5a pole,10d police_van,28s poncho,178 pool_table,qu pop" +
  "_bottle,5wy pot,147 potter's_wheel,27j power_drill,26e prayer_rug,52l printer,nz prison,2bg projectile,pi proj" +
  "ector,7ph puck,3et punching_bag,1w7 purse,5rw quill,2m quilt,2ns racer,1hu racket,12a radiator,lt radio,2g4 ra" +
  "dio_telescope,3jf rain_barrel,cbl recreational_vehicle,1p4 reel,1ii reflex_camera,zx refrigerator,39o remote_c" +
  "ontrol,4vi restaurant,3uo revolver,32u rifle,7hm rocking_chair,8x6 rotisserie,3ud rubber_eraser,1ka rugby_ball" +
  ",6m rule,1bl running_shoe,3hw safe,1pw safety_pin,3fd saltshaker,1mb sandal,1yo sarong,3nr sax,6z scabbard,i0 " +
  "scale,3kv school_bus,ft schooner,212 scoreboard,258 screen,w6 screw,mm screwdriver,6a5 seat_belt,d9z sewing_ma" +
  "chine,9v5 shield,692 shoe_shop,dt shoji,29p shopping_basket,31 shopping_cart,2zb shovel,pn shower_cap,2y showe" +
  "r_curtain,ein ski,1cy ski_mask,4nw sleeping_bag,28n slide_rule,8n sliding_door,3g8 slot,5v2 snorkel,px snowmob" +
  "ile,44 snowplow,1gn soap_dispenser,fk soccer_ball,2p sock,2ld solar_dish,15g sombrero,2sr soup_bowl,123 space_" +
  "bar,hz space_heater,kj space_shuttle,36t spatula,2n2 speedboat,1iz spider_web,1e4 spindle,5wo sports_car,17j s" +
  "potlight,7pf stage,ads steam_locomotive,re steel_arch_bridge,4q steel_drum,4mp stethoscope,6kx stole,nf stone_" +
  "wall,19j stopwatch,1lt stove,1iw strainer,2go streetcar,11p stretcher,68h studio_couch,14f stupa,13m submarine" +
  ",2fj suit,3f5 sundial,gj sunglass,3f sunglasses,yy sunscreen,6zh suspension_bridge,ux swab,2ao sweatshirt,r2 s" +
  "wimming_trunks,9k swing,gk switch,3h6 syringe,2tl table_lamp,6k4 tank,31s tape_player,3wj teapot,116 teddy,3vq" +
  " television,3xr tennis_ball,6al thatch,j1 theater_curtain,48g thimble,3cq thresher,wx throne,4ud tile_roof,54z" +
  " toaster,q9 tobacco_shop,3jw toilet_seat,6da torch,1xy totem_pole,2d3 tow_truck,f4 toyshop,2il tractor,1o4 tra" +
  "iler_truck,6mq tray,25f trench_coat,2kz tricycle,pe trimaran,1db tripod,r0 triumphal_arch,sj trolleybus,8p tro" +
  "mbone,4mb tub,65x turnstile,35w typewriter_keyboard,1at umbrella,1qu unicycle,4b6 upright,26c vacuum,3cp vase," +
  "11p vault,161 velvet,7f vending_machine,58x vestment,fo viaduct,38k violin,2gj volleyball,28a waffle_iron,449 " +
  "wall_clock,2a wallet,1em wardrobe,1o4 warplane,11n washbasin,r9 washer,2ac water_bottle,2fo water_jug,1n7 wate" +
  "r_tower,cia whiskey_jug,7z whistle,3on wig,4dv window_screen,6n window_shade,sk Windsor_tie,fg wine_bottle,sk " +
  "wing,335 wok,wj wooden_spoon,10q wool,469 worm_fence,18n wreck,4tp yawl,x4 yurt,11eu1 web_site,5303 comic_book" +
  ",4222 crossword_puzzle,6iw street_sign,1psb traffic_light,80on book_jacket,6sez menu,bcg plate,2j3 guacamole,t" +
  "0 consomme,50l hot_pot,hn9 trifle,sc ice_cream,ze ice_lolly,1gpi French_loaf,7ft bagel,1k1 pretzel,17n cheeseb" +
  "urger,68 hotdog,ats mashed_potato,2be head_cabbage,bn broccoli,35 cauliflower,yv zucchini,f8 spaghetti_squash," +
  "e0 acorn_squash,42 butternut_squash,pg cucumber,7n artichoke,1n4 bell_pepper,72e cardoon,3mv mushroom,5u9 Gran" +
  "ny_Smith,2sr strawberry,1ab orange,1iv lemon,2q3 fig,4i pineapple,8t banana,uc jackfruit,4rj custard_apple,61n" +
  " pomegranate,ppw hay,mgw carbonara,4e4 chocolate_sauce,imu dough,8cm meat_loaf,1jh pizza,11d potpie,4hk burrit" +
  "o,8wo red_wine,l90 espresso,8cc cup,wn eggnog,r1ia alp,rs4 bubble,cxf cliff,7q7 coral_reef,ot8 geyser,y5b lake" +
  "side,1fgu promontory,h93 sandbar,4w6 seashore,v3r valley,32x volcano,7s0t ballplayer,6p5d groom,8y8w scuba_div" +
  "er,s62c rapeseed,19zg daisy,2iu0 yellow_lady's_slipper,1vex corn,2mzd acorn,7k9x hip,36aw buckeye,4nkn coral_f" +
  "ungus,9zy agaric,trz gyromitra,28h stinkhorn,3gb earthstar,638 hen-of-the-woods,1gi bolete,1ozx ear,15m3c toil" +
  "et_tissue";
