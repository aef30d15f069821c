"""A conversation in rooms, spoken by slixmpp: enter, hear, look back, leave, come again."""

import asyncio
import os
import uuid

from slixmpp import JID
from slixmpp.exceptions import IqError
from slixmpp.test.integration import SlixIntegration

PATIENCE = 20
ROOM = JID(f"{os.environ['STANDFAST_ROOMS'].split()[0]}@{os.environ['STANDFAST_ROOMS_DOMAIN']}")
PLUGINS = ["xep_0030", "xep_0045", "xep_0198", "xep_0199", "xep_0313", "xep_0359", "xep_0410"]


class TestRooms(SlixIntegration):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        for account in ("CI_ACCOUNT1", "CI_ACCOUNT2"):
            self.add_client(self.envjid(account), self.envstr(f"{account}_PASSWORD"))
        self.register_plugins(PLUGINS)
        await self.connect_clients()
        self.ann, self.bob = self.clients

    async def enter(self, client, nick):
        await client.plugin["xep_0045"].join_muc_wait(ROOM, nick, timeout=PATIENCE, maxstanzas=0)

    async def say(self, client, body):
        """Says something and returns the room's echo."""
        origin_id = uuid.uuid4().hex
        echo = asyncio.get_running_loop().create_future()

        def hear(message):
            if message["origin_id"]["id"] == origin_id and not echo.done():
                echo.set_result(message)

        with client.event_handler("groupchat_message", hear):
            message = client.make_message(mto=ROOM, mbody=body, mtype="groupchat")
            message["id"] = message["origin_id"]["id"] = origin_id
            message.send()
            return await asyncio.wait_for(echo, PATIENCE)

    async def look_back(self, client, **rsm):
        """Reads the room's archive, two posts at a time, and returns what it said."""
        found = client.plugin["xep_0313"].iterate(jid=ROOM, rsm={"max": 2, **rsm})
        return [result["mam_result"] async for result in found]

    async def test_people_are_listed_and_hear_each_other(self):
        await self.enter(self.ann, "ann")
        await self.enter(self.bob, "bob")
        self.assertLessEqual({"ann", "bob"}, set(self.bob.plugin["xep_0045"].get_roster(ROOM)))
        line = uuid.uuid4().hex
        heard = asyncio.ensure_future(self.bob.wait_until("groupchat_message", PATIENCE))
        echo = await self.say(self.ann, line)
        heard = await heard
        self.assertEqual((heard["body"], heard["from"].resource), (line, "ann"))
        self.assertEqual(heard["stanza_id"]["id"], echo["stanza_id"]["id"])
        self.assertEqual(heard["stanza_id"]["by"], ROOM)

    async def test_the_archive_tells_what_was_said_page_by_page(self):
        await self.enter(self.ann, "ann")
        lines = [uuid.uuid4().hex for _ in range(5)]
        ids = [(await self.say(self.ann, line))["stanza_id"]["id"] for line in lines]
        await self.enter(self.bob, "bob")
        found = await self.look_back(self.bob, after=ids[0])
        self.assertEqual([post["id"] for post in found], ids[1:])
        bodies = [post["forwarded"]["stanza"]["body"] for post in found]
        self.assertEqual(bodies, lines[1:])

    async def test_who_comes_late_is_told_what_was_said_last(self):
        await self.enter(self.ann, "ann")
        line = uuid.uuid4().hex
        await self.say(self.ann, line)
        rooms = self.bob.plugin["xep_0045"]
        joined = await rooms.join_muc_wait(ROOM, "bob", timeout=PATIENCE, maxstanzas=1)
        history = joined[3]
        self.assertEqual([post["body"] for post in history], [line])

    async def test_who_is_in_the_room_can_make_sure_of_it(self):
        await self.enter(self.ann, "ann")
        us = JID(f"{ROOM}/ann")
        await self.ann.plugin["xep_0199"].send_ping(us, timeout=PATIENCE)
        # What one client sends is heard in its order.
        self.ann.plugin["xep_0045"].leave_muc(ROOM, "ann")
        with self.assertRaises(IqError) as refused:
            await self.ann.plugin["xep_0199"].send_ping(us, timeout=PATIENCE)
        self.assertEqual(refused.exception.condition, "not-acceptable")

    async def test_who_comes_again_catches_up_without_a_gap(self):
        await self.enter(self.ann, "ann")
        await self.enter(self.bob, "bob")
        last = (await self.say(self.bob, uuid.uuid4().hex))["stanza_id"]["id"]
        await self.bob.disconnect()
        missed = [await self.say(self.ann, uuid.uuid4().hex) for _ in range(3)]
        self.bob.connect()
        await self.bob.wait_until("session_start", PATIENCE)
        await self.enter(self.bob, "bob")
        found = await self.look_back(self.bob, after=last)
        ids = [post["id"] for post in found]
        self.assertEqual(ids, [post["stanza_id"]["id"] for post in missed])
