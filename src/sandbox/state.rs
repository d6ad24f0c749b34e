//! All that the platform remembers.

use std::collections::{BTreeMap, VecDeque};

use super::account::{Account, Person, PersonId};
use super::customer_service::Chat;
use super::fault::Faults;
use super::media::Media;
use super::miniprogram::MiniPrograms;
use super::oauth::Grants;
use super::official::Official;
use super::ticket::Tickets;
use super::token::AppTokens;
use crate::app::{AppConfig, AppId};
use crate::callback::Mode;
use crate::error::ErrCode;
use crate::secret::Secret;

/// How many of the secrets that were handed out are remembered.
const SECRETS_MAX: usize = 10_000;

/// The most users; the web pages can make no more.
pub(super) const PEOPLE_MAX: usize = 10_000;

#[derive(Debug)]
pub(super) struct State {
    accounts: BTreeMap<AppId, Account>,
    first: AppId,
    people: Vec<Person>,
    pub(super) tokens: AppTokens,
    pub(super) grants: Grants,
    pub(super) tickets: Tickets,
    pub(super) mini: MiniPrograms,
    pub(super) media: Media,
    pub(super) faults: Faults,
    pub(super) issued: Issued,
    pub(super) official: Official,
}

/// The secrets that were handed out, the newest last.
#[derive(Debug, Default)]
pub(super) struct Issued(VecDeque<Secret>);

impl Issued {
    pub(super) fn note(&mut self, secret: &str) {
        if self.0.len() == SECRETS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(Secret::new(secret));
    }
}

impl State {
    pub(super) fn new(appid: &'static str, mode: Mode) -> Self {
        let first = AppId::known(appid);
        let accounts = BTreeMap::from([(first.clone(), Account::new(&first, mode))]);
        Self {
            accounts,
            first,
            people: vec![Person::new("Hui🐠")],
            tokens: AppTokens::default(),
            grants: Grants::default(),
            tickets: Tickets::default(),
            mini: MiniPrograms::default(),
            media: Media::default(),
            faults: Faults::default(),
            issued: Issued::default(),
            official: Official::default(),
        }
    }

    pub(super) fn first_app(&self) -> AppId {
        self.first.clone()
    }

    pub(super) fn add_app(&mut self, appid: AppId, mode: Mode) {
        self.accounts
            .insert(appid.clone(), Account::new(&appid, mode));
    }

    pub(super) fn app_configs(&self) -> Vec<AppConfig> {
        self.accounts
            .iter()
            .map(|(appid, account)| account.config(appid))
            .collect()
    }

    pub(super) fn account(&self, appid: &str) -> Option<&Account> {
        self.accounts.get(appid)
    }

    pub(super) fn account_mut(&mut self, appid: &AppId) -> Option<&mut Account> {
        self.accounts.get_mut(appid)
    }

    /// Checks an app's credential as every endpoint that takes one does.
    pub(super) fn check_secret(
        &self,
        appid: Option<&str>,
        secret: Option<&str>,
    ) -> Result<AppId, ErrCode> {
        let appid = appid
            .filter(|appid| !appid.is_empty())
            .ok_or(ErrCode::MISSING_APPID)?;
        let (appid, account) = self
            .accounts
            .get_key_value(appid)
            .ok_or(ErrCode::INVALID_APPID)?;
        let secret = secret.filter(|secret| !secret.is_empty());
        let secret = secret.ok_or(ErrCode::MISSING_APP_SECRET)?;
        if account.secret != Secret::new(secret) {
            return Err(ErrCode::INVALID_APP_SECRET);
        }
        Ok(appid.clone())
    }

    /// The user of a nickname, or a new one.
    pub(super) fn user(&mut self, nickname: &str) -> PersonId {
        let known = self
            .people
            .iter()
            .position(|person| person.nickname == nickname);
        let index = known.unwrap_or_else(|| {
            self.people.push(Person::new(nickname));
            self.people.len() - 1
        });
        PersonId(index)
    }

    /// The user of a nickname or openid.
    pub(super) fn find_user(&self, name: &str) -> Option<PersonId> {
        let is_meant = |person: &Person| person.nickname == name || person.has_openid(name);
        self.people.iter().position(is_meant).map(PersonId)
    }

    pub(super) fn people(&self) -> &[Person] {
        &self.people
    }

    pub(super) fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.get(id.0)
    }

    pub(super) fn person_mut(&mut self, id: PersonId) -> Option<&mut Person> {
        self.people.get_mut(id.0)
    }

    /// What is between an app and the user it knows by an openid.
    pub(super) fn chat(&mut self, appid: &AppId, openid: &str) -> Option<&mut Chat> {
        let is_meant = |person: &&mut Person| person.is_known_as(openid, appid);
        let person = self.people.iter_mut().find(is_meant)?;
        Some(person.chat(appid))
    }

    pub(super) fn secrets(&self) -> Vec<Secret> {
        let own = self.accounts.values().flat_map(Account::secrets);
        own.chain(self.issued.0.iter().cloned()).collect()
    }
}
