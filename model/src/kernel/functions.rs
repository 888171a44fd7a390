//! The C functions that steps stand for, with their files in Linux 6.12.

use crate::machine::builder::CFn;

macro_rules! functions {
    ($($file:literal { $($name:ident = $c:literal),* $(,)? })*) => {
        $($(
            #[doc = concat!("`", $c, "`, ", $file)]
            pub const $name: CFn = CFn::new($c, $file);
        )*)*
    };
}

functions! {
    "fs/xfs/xfs_file.c" {
        XFS_FILE_BUFFERED_WRITE = "xfs_file_buffered_write",
        XFS_FILE_SPLICE_READ = "xfs_file_splice_read",
        XFS_WRITE_FAULT = "xfs_write_fault",
        XFS_DIO_WRITE_END_IO = "xfs_dio_write_end_io",
        XFS_FILE_FALLOCATE = "xfs_file_fallocate",
        XFS_FILE_REMAP_RANGE = "xfs_file_remap_range",
    }
    "fs/xfs/xfs_iops.c" { XFS_SETATTR_SIZE = "xfs_setattr_size" }
    "fs/xfs/libxfs/xfs_trans_inode.c" { XFS_TRANS_LOG_INODE = "xfs_trans_log_inode" }
    "block/blk-core.c" { SUBMIT_BIO = "submit_bio" }
    "fs/ext4/page-io.c" {
        EXT4_BIO_WRITE_FOLIO = "ext4_bio_write_folio",
        EXT4_END_IO_END = "ext4_end_io_end",
    }
    "fs/ext4/extents.c" { EXT4_EXT_REMOVE_SPACE = "ext4_ext_remove_space" }
    "fs/xfs/xfs_inode.c" { XFS_ILOCK = "xfs_ilock", XFS_IUNLOCK = "xfs_iunlock",
        XFS_ILOCK2_IO_MMAP = "xfs_ilock2_io_mmap", XFS_IUNLOCK2_IO_MMAP = "xfs_iunlock2_io_mmap",
        XFS_ITRUNCATE_EXTENTS_FLAGS = "xfs_itruncate_extents_flags" }
    "fs/xfs/xfs_reflink.c" {
        XFS_REFLINK_REMAP_PREP = "xfs_reflink_remap_prep",
        XFS_REFLINK_REMAP_EXTENT = "xfs_reflink_remap_extent",
        XFS_REFLINK_CANCEL_COW_BLOCKS = "xfs_reflink_cancel_cow_blocks",
        XFS_REFLINK_CONVERT_COW = "xfs_reflink_convert_cow",
        XFS_REFLINK_END_COW_EXTENT = "xfs_reflink_end_cow_extent",
        XFS_REFLINK_ALLOCATE_COW = "xfs_reflink_allocate_cow",
    }
    "fs/xfs/libxfs/xfs_bmap.c" { XFS_BMAPI_CONVERT_DELALLOC = "xfs_bmapi_convert_delalloc" }
    "fs/xfs/xfs_bmap_util.c" {
        XFS_BMAP_PUNCH_DELALLOC_RANGE = "xfs_bmap_punch_delalloc_range",
        XFS_FLUSH_UNMAP_RANGE = "xfs_flush_unmap_range",
        XFS_FREE_FILE_SPACE = "xfs_free_file_space",
        XFS_UNMAP_EXTENT = "xfs_unmap_extent",
    }
    "fs/ext4/ext4_jbd2.h" {
        EXT4_JOURNAL_START = "ext4_journal_start",
        EXT4_JOURNAL_STOP = "ext4_journal_stop",
        EXT4_JBD2_INODE_ADD_WAIT = "ext4_jbd2_inode_add_wait",
        EXT4_JBD2_INODE_ADD_WRITE = "ext4_jbd2_inode_add_write",
    }
    "fs/jbd2/commit.c" {
        JBD2_JOURNAL_COMMIT_TRANSACTION = "jbd2_journal_commit_transaction",
        JOURNAL_FINISH_INODE_DATA_BUFFERS = "journal_finish_inode_data_buffers",
        JOURNAL_SUBMIT_DATA_BUFFERS = "journal_submit_data_buffers",
    }
    "fs/jbd2/transaction.c" { JBD2_JOURNAL_WAIT_UPDATES = "jbd2_journal_wait_updates" }
    "fs/iomap/iter.c" { IOMAP_ITER = "iomap_iter" }
    "fs/xfs/xfs_iomap.c" {
        IOMAP_VALID = "xfs_iomap_valid",
        XFS_DIRECT_WRITE_IOMAP_BEGIN = "xfs_direct_write_iomap_begin",
        XFS_BUFFERED_WRITE_IOMAP_BEGIN = "xfs_buffered_write_iomap_begin",
        XFS_BUFFERED_WRITE_IOMAP_END = "xfs_buffered_write_iomap_end",
    }
    "fs/xfs/xfs_aops.c" {
        XFS_MAP_BLOCKS = "xfs_map_blocks",
        XFS_IMAP_VALID = "xfs_imap_valid",
        XFS_END_IOEND = "xfs_end_ioend",
    }
    "fs/iomap/buffered-io.c" {
        IOMAP_FILE_BUFFERED_WRITE = "iomap_file_buffered_write",
        IOMAP_WRITE_BEGIN = "iomap_write_begin",
        IOMAP_WRITE_BEGIN_FOLIO = "__iomap_write_begin",
        IOMAP_WRITE_END = "iomap_write_end",
        IOMAP_PAGE_MKWRITE = "iomap_page_mkwrite",
        IOMAP_WRITEPAGES = "iomap_writepages",
        IOMAP_WRITEPAGE_MAP = "iomap_writepage_map",
        IOMAP_ADD_TO_IOEND = "iomap_add_to_ioend",
        IOMAP_SUBMIT_IOEND = "iomap_submit_ioend",
    }
    "fs/iomap/direct-io.c" { IOMAP_DIO_RW = "iomap_dio_rw" }
    "fs/ext4/file.c" { EXT4_BUFFERED_WRITE_ITER = "ext4_buffered_write_iter" }
    "fs/ext4/inode.c" {
        EXT4_DA_WRITE_BEGIN = "ext4_da_write_begin",
        EXT4_WRITE_BEGIN = "ext4_write_begin",
        EXT4_WRITE_END = "ext4_write_end",
        EXT4_DA_WRITE_END = "ext4_da_write_end",
        EXT4_DO_WRITEPAGES = "ext4_do_writepages",
        MPAGE_SUBMIT_FOLIO = "mpage_submit_folio",
        EXT4_BLOCK_WRITE_BEGIN = "ext4_block_write_begin",
        MPAGE_PROCESS_PAGE_BUFS = "mpage_process_page_bufs",
        MPAGE_PREPARE_EXTENT_TO_MAP = "mpage_prepare_extent_to_map",
        MPAGE_MAP_ONE_EXTENT = "mpage_map_one_extent",
        EXT4_PAGE_MKWRITE = "ext4_page_mkwrite",
        EXT4_SETATTR = "ext4_setattr",
        EXT4_PUNCH_HOLE = "ext4_punch_hole",
        EXT4_TRUNCATE = "ext4_truncate",
        EXT4_BLOCK_ZERO_PAGE_RANGE = "__ext4_block_zero_page_range",
    }
    "include/linux/fs.h" {
        INODE_LOCK = "inode_lock",
        INODE_UNLOCK = "inode_unlock",
        INODE_LOCK_SHARED = "inode_lock_shared",
        INODE_UNLOCK_SHARED = "inode_unlock_shared",
        FILEMAP_INVALIDATE_LOCK = "filemap_invalidate_lock",
        FILEMAP_INVALIDATE_UNLOCK = "filemap_invalidate_unlock",
        FILEMAP_INVALIDATE_LOCK_SHARED = "filemap_invalidate_lock_shared",
        FILEMAP_INVALIDATE_UNLOCK_SHARED = "filemap_invalidate_unlock_shared",
    }
    "fs/inode.c" {
        FILE_MODIFIED = "file_modified",
        FILE_UPDATE_TIME = "file_update_time",
    }
    "include/linux/iversion.h" { INODE_INC_IVERSION = "inode_inc_iversion" }
    "fs/sync.c" { VFS_FSYNC_RANGE = "vfs_fsync_range" }
    "fs/libfs.c" { INODE_QUERY_IVERSION = "inode_query_iversion" }
    "fs/stat.c" { FILL_MG_CMTIME = "fill_mg_cmtime" }
    "kernel/time/timekeeping.c" { TIMEKEEPING_ADVANCE = "timekeeping_advance" }
    "include/linux/pagemap.h" { FOLIO_LOCK = "folio_lock" }
    "include/linux/page-flags.h" { PAGE_FOLIO = "page_folio" }
    "mm/filemap.c" {
        FOLIO_UNLOCK = "folio_unlock",
        FILEMAP_GET_FOLIO = "__filemap_get_folio",
        FILEMAP_ADD_FOLIO = "filemap_add_folio",
        GENERIC_PERFORM_WRITE = "generic_perform_write",
        FILEMAP_FDATAWAIT_RANGE = "__filemap_fdatawait_range",
        FILEMAP_WRITE_AND_WAIT_RANGE = "filemap_write_and_wait_range",
        FILEMAP_GET_PAGES = "filemap_get_pages",
        FILEMAP_GET_READ_BATCH = "filemap_get_read_batch",
        FILEMAP_GET_FOLIOS_TAG = "filemap_get_folios_tag",
        FIND_LOCK_ENTRIES = "find_lock_entries",
        FILEMAP_CREATE_FOLIO = "filemap_create_folio",
        FILEMAP_UPDATE_PAGE = "filemap_update_page",
        FILEMAP_READ_FOLIO = "filemap_read_folio",
        FILEMAP_SPLICE_READ = "filemap_splice_read",
        SPLICE_FOLIO_INTO_PIPE = "splice_folio_into_pipe",
        FILEMAP_REMOVE_FOLIO = "filemap_remove_folio",
        FOLIO_END_WRITEBACK = "folio_end_writeback",
    }
    "include/linux/mm.h" { FOLIO_PUT = "folio_put", VMA_END_READ = "vma_end_read" }
    "include/linux/uio.h" { COPY_FOLIO_FROM_ITER_ATOMIC = "copy_folio_from_iter_atomic" }
    "lib/iov_iter.c" {
        COPY_PAGE_TO_ITER = "copy_page_to_iter",
    }
    "mm/page-writeback.c" {
        FOLIO_WAIT_STABLE = "folio_wait_stable",
        FOLIO_WAIT_WRITEBACK = "folio_wait_writeback",
        FOLIO_MARK_DIRTY = "folio_mark_dirty",
        WRITEBACK_GET_FOLIO = "writeback_get_folio",
        FOLIO_PREPARE_WRITEBACK = "folio_prepare_writeback",
        FOLIO_CLEAR_DIRTY_FOR_IO = "folio_clear_dirty_for_io",
        FOLIO_START_WRITEBACK = "folio_start_writeback",
    }
    "mm/rmap.c" {
        FOLIO_MKCLEAN = "folio_mkclean",
        PAGE_VMA_MKCLEAN_ONE = "page_vma_mkclean_one",
        TRY_TO_UNMAP = "try_to_unmap",
        TRY_TO_UNMAP_ONE = "try_to_unmap_one",
        SET_TLB_UBC_FLUSH_PENDING = "set_tlb_ubc_flush_pending",
        FLUSH_TLB_BATCHED_PENDING = "flush_tlb_batched_pending",
        TRY_TO_UNMAP_FLUSH = "try_to_unmap_flush",
        FOLIO_REMOVE_RMAP_PTE = "folio_remove_rmap_pte",
    }
    "mm/page_vma_mapped.c" { PAGE_VMA_MAPPED_WALK = "page_vma_mapped_walk" }
    "mm/vmscan.c" {
        ISOLATE_LRU_FOLIOS = "isolate_lru_folios",
        SHRINK_FOLIO_LIST = "shrink_folio_list",
        REMOVE_MAPPING = "__remove_mapping",
    }
    "mm/mremap.c" { MREMAP_TO = "mremap_to", MOVE_PTES = "move_ptes" }
    "arch/x86/mm/fault.c" { ACCESS_ERROR = "access_error" }
    "mm/pgtable-generic.c" { PTEP_CLEAR_FLUSH = "ptep_clear_flush" }
    "arch/x86/include/asm/tlbflush.h" {
        FLUSH_TLB_PAGE = "flush_tlb_page",
        FLUSH_TLB_RANGE = "flush_tlb_range",
    }
    "include/linux/pgtable.h" { SET_PTE_AT = "set_pte_at" }
    "(user program)" { MAIN = "main" }
    "(hardware)" {
        MOV = "mov",
        DMA_READ = "dma_read", DMA_WRITE = "dma_write",
    }
    "mm/memory.c" {
        LOCK_VMA_UNDER_RCU = "lock_vma_under_rcu",
        HANDLE_PTE_FAULT = "handle_pte_fault",
        DO_SHARED_FAULT = "do_shared_fault",
        WP_PAGE_SHARED = "wp_page_shared",
        WP_PAGE_REUSE = "wp_page_reuse",
        DO_PAGE_MKWRITE = "do_page_mkwrite",
        FINISH_FAULT = "finish_fault",
        FINISH_MKWRITE_FAULT = "finish_mkwrite_fault",
        FAULT_DIRTY_SHARED_PAGE = "fault_dirty_shared_page",
        HANDLE_MM_FAULT = "handle_mm_fault",
        ZAP_PRESENT_FOLIO_PTES = "zap_present_folio_ptes",
        ZAP_PTE_RANGE = "zap_pte_range",
        UNMAP_MAPPING_RANGE = "unmap_mapping_range",
        UNMAP_MAPPING_FOLIO = "unmap_mapping_folio",
    }
    "include/asm-generic/tlb.h" { TLB_FLUSH_MMU_TLBONLY = "tlb_flush_mmu_tlbonly" }
    "mm/mmu_gather.c" {
        TLB_FLUSH_RMAPS = "tlb_flush_rmaps",
        TLB_FINISH_MMU = "tlb_finish_mmu",
    }
    "include/linux/mmap_lock.h" {
        MMAP_WRITE_LOCK = "mmap_write_lock",
        MMAP_WRITE_UNLOCK = "mmap_write_unlock",
    }
    "mm/mmap.c" { VM_MUNMAP = "__vm_munmap", DO_MMAP = "do_mmap" }
    "mm/vma.c" { VMA_LINK_FILE = "vma_link_file" }
    "include/linux/fs.h" {
        I_MMAP_LOCK_WRITE = "i_mmap_lock_write",
        I_MMAP_UNLOCK_WRITE = "i_mmap_unlock_write",
        I_MMAP_LOCK_READ = "i_mmap_lock_read",
        I_MMAP_UNLOCK_READ = "i_mmap_unlock_read",
        MAPPING_MAPPED = "mapping_mapped",
    }
    "mm/filemap.c" {
        FILEMAP_ALLOC_FOLIO = "filemap_alloc_folio",
        REPLACE_PAGE_CACHE_FOLIO = "replace_page_cache_folio",
        FILEMAP_GET_ENTRY = "filemap_get_entry",
    }
    "mm/util.c" { FOLIO_COPY = "folio_copy" }
    "fs/splice.c" { PAGE_CACHE_PIPE_BUF_TRY_STEAL = "page_cache_pipe_buf_try_steal" }
    "lib/xarray.c" { XA_SET_MARK = "xa_set_mark", XA_CLEAR_MARK = "xa_clear_mark" }
    "include/linux/mm.h" { FOLIO_MAYBE_DMA_PINNED = "folio_maybe_dma_pinned" }
    "mm/mprotect.c" {
        DO_MPROTECT_PKEY = "do_mprotect_pkey",
        MPROTECT_FIXUP = "mprotect_fixup",
        CHANGE_PTE_RANGE = "change_pte_range",
    }
    "mm/truncate.c" {
        TRUNCATE_PAGECACHE = "truncate_pagecache",
        TRUNCATE_PAGECACHE_RANGE = "truncate_pagecache_range",
        TRUNCATE_INODE_PAGES_RANGE = "truncate_inode_pages_range",
        TRUNCATE_CLEANUP_FOLIO = "truncate_cleanup_folio",
        TRUNCATE_INODE_PARTIAL_FOLIO = "truncate_inode_partial_folio",
    }
    "mm/shmem.c" {
        SHMEM_FILE_WRITE_ITER = "shmem_file_write_iter",
        SHMEM_GET_FOLIO_GFP = "shmem_get_folio_gfp",
        SHMEM_GET_PARTIAL_FOLIO = "shmem_get_partial_folio",
        SHMEM_WRITE_BEGIN = "shmem_write_begin",
        SHMEM_WRITE_END = "shmem_write_end",
        SHMEM_FALLOCATE = "shmem_fallocate",
    }
    "mm/gup.c" {
        PIN_USER_PAGES = "pin_user_pages",
        UNPIN_USER_PAGES_DIRTY_LOCK = "unpin_user_pages_dirty_lock",
    }
    "fs/buffer.c" {
        BLOCK_PAGE_MKWRITE = "block_page_mkwrite",
        BLOCK_WRITE_FULL_FOLIO = "__block_write_full_folio",
        END_BUFFER_ASYNC_WRITE = "end_buffer_async_write",
        TRY_TO_FREE_BUFFERS = "try_to_free_buffers",
        WRITE_DIRTY_BUFFER = "write_dirty_buffer",
        END_BUFFER_WRITE_SYNC = "end_buffer_write_sync",
    }
    "block/t10-pi.c" { BLK_INTEGRITY_GENERATE = "blk_integrity_generate" }
    "block/bounce.c" { BLK_QUEUE_BOUNCE = "__blk_queue_bounce" }
    "drivers/md/raid5.c" {
        OPS_RUN_BIODRAIN = "ops_run_biodrain",
        OPS_RUN_RECONSTRUCT5 = "ops_run_reconstruct5",
    }
    "fs/splice.c" {
        SPLICE_FILE_TO_PIPE = "splice_file_to_pipe",
        COPY_SPLICE_READ = "copy_splice_read",
        DO_TEE = "do_tee",
        IPIPE_PREP = "ipipe_prep",
        LINK_PIPE = "link_pipe",
        PAGE_CACHE_PIPE_BUF_CONFIRM = "page_cache_pipe_buf_confirm",
        PAGE_CACHE_PIPE_BUF_RELEASE = "page_cache_pipe_buf_release",
        SPLICE_TO_SOCKET = "splice_to_socket",
    }
    "include/linux/pipe_fs_i.h" {
        PIPE_BUF_CONFIRM = "pipe_buf_confirm",
        PIPE_BUF_GET = "pipe_buf_get",
        PIPE_BUF_RELEASE = "pipe_buf_release",
    }
    "fs/pipe.c" {
        PIPE_LOCK = "pipe_lock",
        PIPE_DOUBLE_LOCK = "pipe_double_lock",
        PIPE_UNLOCK = "pipe_unlock",
        PIPE_READ = "pipe_read",
        PIPE_WRITE = "pipe_write",
        PIPE_RELEASE = "pipe_release",
        FREE_PIPE_INFO = "free_pipe_info",
    }
    "net/core/skbuff.c" {
        SKB_SPLICE_FROM_ITER = "skb_splice_from_iter",
        SKB_RELEASE_DATA = "skb_release_data",
        PSKB_PULL_TAIL = "__pskb_pull_tail",
        SKB_CHECKSUM = "skb_checksum",
        SKB_COW_DATA = "skb_cow_data",
        SKB_TRY_COALESCE = "skb_try_coalesce",
    }
    "net/core/dev.c" { SKB_CHECKSUM_HELP = "skb_checksum_help" }
    "net/core/stream.c" { SK_STREAM_WAIT_MEMORY = "sk_stream_wait_memory" }
    "net/core/sock.c" {
        LOCK_SOCK = "lock_sock_nested",
        RELEASE_SOCK = "release_sock",
    }
    "include/net/sock.h" { SKB_COPY_TO_PAGE_NOCACHE = "skb_copy_to_page_nocache" }
    "net/ipv4/esp4.c" { ESP_INPUT = "esp_input" }
    "crypto/aead.c" { CRYPTO_AEAD_DECRYPT = "crypto_aead_decrypt" }
    "crypto/algif_aead.c" { AEAD_RECVMSG = "_aead_recvmsg" }
    "io_uring/io_uring.c" {
        IO_CQRING_WAIT = "io_cqring_wait",
        IO_POST_AUX_CQE = "io_post_aux_cqe",
    }
    "io_uring/cancel.c" { IO_ASYNC_CANCEL = "io_async_cancel" }
    "arch/x86/entry/common.c" { DO_SYSCALL_64 = "do_syscall_64" }
    "net/core/datagram.c" { SKB_COPY_DATAGRAM = "skb_copy_datagram_iter" }
    "net/ipv4/tcp_sigpool.c" { TCP_SIGPOOL_HASH_SKB_DATA = "tcp_sigpool_hash_skb_data" }
    "net/ipv4/tcp_output.c" {
        TCP_TRANSMIT_SKB = "__tcp_transmit_skb",
        TCP_RETRANSMIT_SKB = "__tcp_retransmit_skb",
    }
    "net/ipv4/tcp_input.c" { TCP_CLEAN_RTX_QUEUE = "tcp_clean_rtx_queue" }
    "net/ipv4/tcp_ipv4.c" { TCP_V4_RCV = "tcp_v4_rcv" }
    "net/ipv4/tcp_timer.c" { TCP_WRITE_TIMER = "tcp_write_timer" }
    "net/ipv4/tcp.c" {
        TCP_SENDMSG = "tcp_sendmsg",
        TCP_RECVMSG_LOCKED = "tcp_recvmsg_locked",
    }
}
