//! What every engine promises. Each case is a function over a fresh store; the macro runs
//! it on both engines.

mod alias;
mod audit;
mod credential;
mod function;
pub(crate) mod job;
mod log;
mod quota;
mod role;
mod run;
mod scope;
mod secret;
mod tenant;
mod user;
mod version;

macro_rules! on_both_engines {
    ($($area:ident: $($case:ident)+;)+) => {
        $(mod $area {
            mod cases {
                $(pub(super) use super::super::super::$area::$case;)+
            }
            mod sqlite {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let bench = crate::fixture::Bench::sqlite().await;
                    super::cases::$case(&bench).await;
                    bench.end().await;
                })+
            }
            mod postgres {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let bench = crate::fixture::Bench::postgres().await;
                    super::cases::$case(&bench).await;
                    bench.end().await;
                })+
            }
        })+
    };
}

mod on {
    on_both_engines! {
        job:
            an_accepted_job_is_read_back_whole
            orders_with_the_same_key_are_one_job_and_another_event_is_refused
            of_many_concurrent_orders_with_one_key_one_is_accepted
            of_many_concurrent_claims_each_job_is_begun_by_one
            a_claim_takes_the_longest_due_first_and_leaves_out_busy_functions
            a_lease_that_is_renewed_holds_and_a_late_attempt_is_refused
            a_dead_job_is_retried_and_a_running_one_is_neither_retried_nor_deleted
            jobs_are_listed_newest_first_by_status_function_and_names
            open_and_waiting_jobs_are_counted_and_old_ended_ones_pruned
            what_is_gone_is_forgotten_with_its_jobs_and_runs_and_nothing_else
        ;
        function:
            a_created_function_is_found_by_name_and_by_id_with_its_version
            a_taken_name_is_refused_and_free_in_another_namespace
            a_list_goes_on_after_its_cursor_although_functions_come_and_go
            a_list_is_filtered_by_text_in_any_case_and_by_runtime_of_the_active_version
            an_update_counts_the_revision_and_an_old_revision_is_a_conflict
            an_update_with_a_version_stores_both_or_neither
            an_update_cannot_activate_a_version_that_is_not_there
            a_rename_onto_a_taken_name_is_refused
            of_many_concurrent_updates_each_revision_is_won_once
            a_delete_returns_what_it_took_and_frees_the_name
            functions_with_min_replicas_of_all_tenants_are_always_on
            ten_thousand_functions_are_listed_page_by_page
            odd_text_survives
        ;
        version:
            versions_are_listed_newest_first
            a_build_goes_only_its_legal_way
            unfinished_builds_of_all_tenants_are_found_again
            every_referenced_object_is_named_once
        ;
        run:
            a_run_is_stored_whole_with_its_lines
            a_repeated_batch_stores_nothing_twice
            runs_are_listed_newest_first_and_filtered
            runs_are_narrowed_to_names_of_functions
            runs_that_started_at_the_same_time_are_paged_without_loss
            a_summary_counts_and_takes_percentiles_of_its_window
            prune_deletes_the_oldest_with_their_lines
            batches_of_concurrent_writers_are_all_stored
        ;
        log:
            a_follower_that_asks_after_its_cursor_sees_every_line_once
            a_tail_is_the_end_in_order
            since_finds_lines_of_long_calls_that_were_stored_late
            lines_with_nul_are_kept
            limits_and_cursors_out_of_bounds_are_refused
        ;
        secret:
            a_secret_is_read_as_it_was_stored
            secrets_of_another_scope_are_not_found
            an_update_keeps_the_value_unless_one_is_given
            secrets_are_found_by_names_and_listed_in_order
            secrets_of_all_tenants_are_resealed_without_a_new_revision
            a_namespace_takes_only_so_many_secrets
        ;
        credential:
            a_key_pair_has_its_sealed_secret_until_it_is_deleted
            secrets_of_key_pairs_are_resealed_page_by_page
            a_credential_is_found_by_the_hash_of_its_secret_also_when_it_is_too_old
            keys_are_listed_by_tenant_and_by_owner
            a_deleted_key_ends_its_own_sessions_and_roles
            sessions_of_somebody_end_all_but_the_one_that_asks
            a_use_is_noted_and_never_moved_back_and_what_ended_is_pruned
        ;
        tenant:
            a_tenant_comes_with_its_namespace_default
            tenants_are_listed_by_name_page_by_page
            a_deleted_tenant_takes_all_of_its_own_along_and_nothing_else
            namespaces_belong_to_one_tenant_and_go_when_they_are_empty
        ;
        user:
            a_user_is_found_by_id_address_and_identity
            a_change_of_a_user_changes_what_it_names_only
            a_deleted_user_leaves_no_way_in
            users_are_listed_by_address_and_members_by_id
            a_membership_is_changed_in_place_and_ends_with_its_bindings
            an_invitation_works_once_and_not_after_its_time
            of_many_who_accept_an_invitation_at_once_one_does
            service_accounts_are_of_one_tenant_and_end_with_their_keys
        ;
        role:
            a_custom_role_is_its_tenants_own
            a_role_that_is_bound_stays_until_it_is_taken_away
            what_somebody_may_is_found_over_all_tenants
        ;
        audit:
            a_change_has_its_entry_and_a_refused_write_has_none
            what_is_no_change_by_anybody_has_no_entry
            entries_are_filtered_and_paged_newest_first
            the_log_of_another_tenant_is_not_reachable
            every_kind_of_tampering_is_found_at_its_place
            the_chain_of_concurrent_writers_does_not_fork
            rows_of_the_log_cannot_be_changed_by_the_role_of_queries
        ;
        quota:
            quotas_are_set_changed_listed_and_taken_away
            functions_and_storage_over_a_quota_are_refused_whole
            of_many_concurrent_creates_as_many_succeed_as_there_is_room_for
            calls_of_a_window_are_given_out_once
        ;
        alias:
            an_alias_is_read_as_it_was_stored_and_an_old_revision_is_a_conflict
            aliases_are_listed_by_name_and_go_with_their_function
            aliases_of_another_scope_are_not_found
            rollouts_of_all_tenants_are_found_when_they_are_due
            of_two_servers_that_look_at_a_rollout_one_is_refused
            a_function_takes_only_so_many_aliases
            outcomes_are_of_runs_of_that_version_that_ended_since
        ;
        scope:
            nothing_of_another_tenant_or_namespace_is_reachable
        ;
    }
}
