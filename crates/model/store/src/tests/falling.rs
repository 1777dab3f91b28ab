//! What a deleted row takes with it vanishes from memory too, however far down it is.

use object::{Catalogue, Id, Object};

use crate::{PostgresConfig, Store};

/// In nobody's memory, unlike what hangs on it.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.house", table = "t_house")]
struct House {
    #[field(key)]
    pk: Id<Self>,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.door", table = "t_door", family)]
struct Door {
    #[field(key)]
    pk: Id<Self>,
    house: Id<House>,
}

#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.gate", table = "t_gate", cached)]
struct Gate {
    base: Door,
    width: i32,
}

#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.bell", table = "t_bell", cached)]
struct Bell {
    #[field(key)]
    pk: Id<Self>,
    gate: Id<Gate>,
}

#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.room", table = "t_room")]
struct Room {
    #[field(key)]
    pk: Id<Self>,
    house: Id<House>,
}

/// Loses its house, but goes with its room.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.desk", table = "t_desk")]
struct Desk {
    #[field(key)]
    pk: Id<Self>,
    #[field(set_null)]
    house: Option<Id<House>>,
    room: Id<Room>,
}

#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.lamp", table = "t_lamp", cached)]
struct Lamp {
    #[field(key)]
    pk: Id<Self>,
    desk: Id<Desk>,
}

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: std::sync::OnceLock<Catalogue> = std::sync::OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let doors = [Door::model(), Gate::model(), Bell::model()];
        let rooms = [Room::model(), Desk::model(), Lamp::model()];
        Catalogue::new([House::model()].into_iter().chain(doors).chain(rooms).collect()).unwrap()
    })
}

async fn house(store: &Store) -> Id<House> {
    store.insert(&House { pk: Id::unsaved(), name: "h".into() }).await.unwrap()
}

testkit::on_each_store! { catalogue();
    async fn a_kind_falls_with_what_its_family_hangs_on(store: Store) {
        let house = house(&store).await;
        let gate = Gate { base: Door { pk: Id::unsaved(), house }, width: 3 };
        let gate = store.insert(&gate).await.unwrap();
        store.insert(&Bell { pk: Id::unsaved(), gate }).await.unwrap();
        assert_eq!((store.snapshot().all::<Gate>().len(), store.snapshot().all::<Bell>().len()), (1, 1));
        store.delete(House::model(), house.key()).await.unwrap();
        assert_eq!((store.snapshot().all::<Gate>().len(), store.snapshot().all::<Bell>().len()), (0, 0));
    }

    async fn what_is_emptied_by_one_reference_may_fall_by_another(store: Store) {
        let house = house(&store).await;
        let room = store.insert(&Room { pk: Id::unsaved(), house }).await.unwrap();
        let desk = store.insert(&Desk { pk: Id::unsaved(), house: Some(house), room }).await.unwrap();
        store.insert(&Lamp { pk: Id::unsaved(), desk }).await.unwrap();
        assert_eq!(store.snapshot().all::<Lamp>().len(), 1);
        store.delete(House::model(), house.key()).await.unwrap();
        assert_eq!(store.snapshot().all::<Lamp>().len(), 0);
    }
}
