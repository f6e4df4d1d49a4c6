//! Who depends on whom (v0.21.5.5 src/txmempool.cpp, CalculateMemPoolAncestors, CalculateDescendants,
//! UpdateTransactionsFromBlock).

use std::collections::BTreeSet;

use litecast_primitives::Txid;

use super::{LINK_USAGE, Mempool};
use crate::{
    entry::{Entry, OutputIndex, created_outputs},
    policy::Limits,
};

impl Mempool {
    /// The ancestors that an entry outside of the pool would have here; which limit it would break, in the reference's
    /// words.
    pub fn ancestors_of(&self, entry: &Entry, limits: &Limits) -> Result<BTreeSet<Txid>, String> {
        let mut staged = BTreeSet::new();
        for output in &entry.spent {
            if let Some(parent) = self.parent_of(output) {
                staged.insert(parent);
                if staged.len() as u64 + 1 > limits.ancestors {
                    return Err(format!("too many unconfirmed parents [limit: {}]", limits.ancestors));
                }
            }
        }
        let mut found = BTreeSet::new();
        let mut total = entry.size();
        while let Some(txid) = staged.pop_first() {
            let stage = &self.entries[&txid];
            found.insert(txid);
            total += stage.size();
            let package = stage.with_descendants();
            if package.size + entry.size() > limits.descendant_size {
                let limit = limits.descendant_size;
                return Err(format!("exceeds descendant size limit for tx {txid} [limit: {limit}]"));
            }
            if package.count + 1 > limits.descendants {
                return Err(format!("too many descendants for tx {txid} [limit: {}]", limits.descendants));
            }
            if total > limits.ancestor_size {
                return Err(format!("exceeds ancestor size limit [limit: {}]", limits.ancestor_size));
            }
            for parent in &stage.parents {
                if !found.contains(parent) {
                    staged.insert(*parent);
                }
                if (staged.len() + found.len()) as u64 + 1 > limits.ancestors {
                    return Err(format!("too many unconfirmed ancestors [limit: {}]", limits.ancestors));
                }
            }
        }
        Ok(found)
    }

    /// Everything in the pool that an entry of it depends on, without itself.
    pub fn ancestors(&self, txid: &Txid) -> BTreeSet<Txid> {
        let mut found = BTreeSet::new();
        let mut staged: Vec<Txid> = self.parents_of(txid).collect();
        while let Some(next) = staged.pop() {
            if found.insert(next) {
                staged.extend(self.parents_of(&next));
            }
        }
        found
    }

    fn parents_of(&self, txid: &Txid) -> impl Iterator<Item = Txid> {
        self.entries.get(txid).into_iter().flat_map(|entry| entry.parents.iter().copied())
    }

    /// Everything in the pool that depends on an entry of it, with itself.
    pub fn descendants(&self, txid: &Txid) -> BTreeSet<Txid> {
        let mut found = BTreeSet::new();
        self.add_descendants(txid, &mut found);
        found
    }

    /// Adds an entry and its descendants to a set that already has all descendants of its members.
    pub(crate) fn add_descendants(&self, txid: &Txid, found: &mut BTreeSet<Txid>) {
        let mut staged = vec![*txid];
        while let Some(next) = staged.pop() {
            let Some(entry) = self.entries.get(&next) else { continue };
            if found.insert(next) {
                staged.extend(entry.children.iter().copied());
            }
        }
    }

    /// How many ancestors an entry has, and the largest family below one of those without parents; both with itself
    /// (GetTransactionAncestry). Zeros if it is not here.
    pub fn ancestry(&self, txid: &Txid) -> (u64, u64) {
        let Some(entry) = self.get(txid) else { return (0, 0) };
        let mut family = self.ancestors(txid);
        family.insert(*txid);
        let roots = family.iter().filter_map(|txid| self.get(txid)).filter(|entry| entry.parents.is_empty());
        (entry.with_ancestors.count, roots.map(|entry| entry.with_descendants.count).max().unwrap_or(0))
    }

    /// Links transactions that came back from disconnected blocks, in the order of the chain, with those that were here
    /// and spend them.
    pub(crate) fn update_transactions_from_block(&mut self, returned: &[Txid]) {
        let included: BTreeSet<Txid> = returned.iter().copied().collect();
        // Children first: what is below one of them is linked when its turn comes.
        for txid in returned.iter().rev() {
            let Some(entry) = self.entries.get(txid) else { continue };
            let spenders = created_outputs(entry.tx()).filter(|output| self.creates(txid, output));
            let children: BTreeSet<Txid> =
                spenders.filter_map(|output| self.spender(&output)).filter(|child| !included.contains(child)).collect();
            for child in &children {
                self.link(txid, child);
            }
            let own = self.entries[txid].own();
            for descendant in self.descendants(txid) {
                if included.contains(&descendant) {
                    continue;
                }
                let added = self.entries[&descendant].own();
                self.modify(txid, |entry| entry.with_descendants.add(&added));
                self.modify(&descendant, |entry| entry.with_ancestors.add(&own));
            }
        }
    }

    /// Of two transactions that create the same output inside only the first is its creator.
    fn creates(&self, txid: &Txid, output: &OutputIndex) -> bool {
        self.parent_of(output) == Some(*txid)
    }

    fn link(&mut self, parent: &Txid, child: &Txid) {
        if self.entries.get_mut(parent).is_some_and(|entry| entry.children.insert(*child)) {
            self.inner_usage += LINK_USAGE;
        }
        if self.entries.get_mut(child).is_some_and(|entry| entry.parents.insert(*parent)) {
            self.inner_usage += LINK_USAGE;
        }
    }
}
