//! What every engine promises. Each case is a function over a fresh store; the macro runs
//! it on both engines.

mod access;
mod audit;
mod function;
mod log;
mod quota;
mod run;
mod scope;
mod secret;
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
        access:
            tenants_and_namespaces_are_made_listed_and_deleted_when_they_are_empty
            what_lets_act_in_a_tenant_goes_with_it_and_nothing_else
            users_are_found_by_address_and_identity_and_changed_field_by_field
            an_invitation_is_used_once_and_brings_account_and_membership_together
            credentials_are_found_by_the_hash_alone_and_listed_by_owner_and_tenant
            last_use_never_goes_back_and_what_ended_is_pruned_keys_later
            roles_stay_while_they_are_given_and_are_read_with_their_bindings
            service_accounts_are_of_one_tenant_and_end_with_their_keys
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
        scope:
            nothing_of_another_tenant_or_namespace_is_reachable
        ;
    }
}
